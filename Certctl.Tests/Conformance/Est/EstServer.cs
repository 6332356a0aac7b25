using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using OpenSsl = Certctl.Tests.Fixtures.OpenSsl;

namespace Certctl.Tests.Conformance.Est;

/// <summary>
/// A server with EST alone in its several ways: <c>basic</c>; <c>quiet</c>, whose refusals one test counts; <c>strict</c>, which takes
/// three wrong passwords; <c>maker</c> and <c>rival</c>, each with a manufacturer's CA; <c>turned</c>, whose bundle a test exchanges;
/// <c>own</c>, which believes this server's CA; <c>secret</c>, with the password in the request; <c>wait</c>, where operators decide;
/// <c>open</c>, which says that it is anonymous.
/// </summary>
public sealed class EstServer : IAsyncLifetime, IDisposable
{
    internal const string Password = "the password of every label: here";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;
    private int _files;

    internal CertctlHost Host => _host!;

    internal BootstrapCa Maker { get; } = BootstrapCa.Root("CN=maker of est devices");

    internal BootstrapCa Rival { get; } = BootstrapCa.Root("CN=rival of the maker");

    public async Task InitializeAsync()
    {
        ReadyMadeData.CopyKeys(_folder["keys"], "rsa-2048");
        await File.WriteAllTextAsync(_folder["maker.pem"], Maker.Pem);
        await File.WriteAllTextAsync(_folder["rival.pem"], Rival.Pem);
        var settings = new List<(string, string)>
        {
            ("CERTCTL_EST_ENABLED", "true"),
            ("CERTCTL_EST_PROFILES", "basic,strict,maker,rival,turned,own,secret,guess,both,wait,open,quiet"),
            ("CERTCTL_METRICS_ENABLED", "true"),
        };
        Add("basic", "basic");
        Add("strict", "basic,mtls", ("WRONG_PASSWORDS_PER_SOURCE_1H", "3"), Trusting(_folder["maker.pem"]));
        Add("quiet", "basic,mtls", Trusting(_folder["maker.pem"]));
        Add("maker", "mtls", Trusting(_folder["maker.pem"]));
        Add("rival", "mtls", Trusting(_folder["rival.pem"]));
        await File.WriteAllTextAsync(Bundle("turned"), Rival.Pem);
        Add("turned", "mtls", Trusting(Bundle("turned")));
        Add("own", "basic,mtls", Trusting(Path.Combine(_folder["keys"], "ca.crt")));
        Add("secret", "challenge");
        Add("guess", "basic,challenge", ("WRONG_PASSWORDS_PER_SOURCE_1H", "2"));
        Add("both", "basic,approval");
        Add("wait", "approval");
        Add("open", null, ("ALLOW_ANONYMOUS", "true"));
        _host = await CertctlHost.StartAsync(null, [.. settings]);

        void Add(string label, string? modes, params (string Suffix, string Value)[] more)
        {
            var prefix = $"CERTCTL_EST_PROFILE_{label.ToUpperInvariant()}_";
            settings.Add((prefix + "ISSUER_ID", "iss-local"));
            if (modes is not null)
                settings.Add((prefix + "ALLOWED_AUTH_MODES", modes));
            if (modes is not null && (modes.Contains("basic", StringComparison.Ordinal) || modes == "challenge"))
                settings.Add((prefix + "ENROLLMENT_PASSWORD", Password));
            settings.AddRange(more.SelectMany(one => one.Suffix == "BUNDLE"
                ? new[] { (prefix + "MTLS_ENABLED", "true"), (prefix + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", one.Value) }
                : [(prefix + one.Suffix, one.Value)]));
        }

        static (string, string) Trusting(string path) => ("BUNDLE", path);
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    internal string Bundle(string label) => _folder[label + ".pem"];

    internal HttpClient Client(SslStreamCertificateContext? shown = null)
    {
        var http = ScepWire.NewClient(Host.CaFile, shown);
        http.BaseAddress = new Uri(Host.Url, "/.well-known/");
        return http;
    }

    /// <summary>A key and a request that openssl makes.</summary>
    internal EstDevice Device(string subject, string? san = null, string? challenge = null, string? keyFile = null)
    {
        var name = _folder[$"device-{Interlocked.Increment(ref _files)}"];
        keyFile ??= name + ".key";
        if (!File.Exists(keyFile))
            OpenSsl.Run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", keyFile);
        var attributes = challenge is null ? "" : $"attributes=attrs\n[attrs]\nchallengePassword={challenge}\n";
        File.WriteAllText(name + ".cnf", $"[req]\nprompt=no\ndistinguished_name=dn\n{attributes}[dn]\n{subject}\n");
        string[] more = san is null ? [] : ["-addext", $"subjectAltName={san}"];
        OpenSsl.Run(["req", "-new", "-key", keyFile, "-config", name + ".cnf", "-out", name + ".csr", .. more]);
        return new EstDevice(keyFile, File.ReadAllText(name + ".csr"));
    }

    /// <summary>What openssl reads in the body of an answer.</summary>
    internal X509Certificate2Collection Certificates(string body)
    {
        var name = _folder[$"answer-{Interlocked.Increment(ref _files)}"];
        File.WriteAllText(name + ".b64", body);
        OpenSsl.Run("base64", "-d", "-in", name + ".b64", "-out", name + ".p7");
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", name + ".p7", "-print_certs", "-out", name + ".pem");
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(name + ".pem");
        return all;
    }

    /// <summary>Enrols and returns the certificate, with its key as a TLS client shows it.</summary>
    internal async Task<(X509Certificate2 Certificate, SslStreamCertificateContext Shown)> EnrolAsync(
        EstDevice device, string label = "basic", HttpClient? http = null)
    {
        using var own = http is null ? Client() : null;
        using var answer = await EstRequest.PostAsync(http ?? own!, $"est/{label}/simpleenroll", device.Body, Password);
        var certificate = Certificate(await EstRequest.IssuedAsync(answer));
        return (certificate, Shown(certificate, device));
    }

    internal X509Certificate2 Certificate(string body) => Assert.Single(Certificates(body));

    internal static SslStreamCertificateContext Shown(X509Certificate2 certificate, EstDevice device)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(device.KeyFile));
        return BootstrapCa.Shown(certificate.CopyWithPrivateKey(key));
    }

    internal async Task<List<AuditEvent>> EventsAsync(string label)
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.AuditEvents.AsNoTracking().Where(e => e.PathId == label).OrderBy(e => e.Id).ToListAsync();
    }
}

/// <summary>A device of openssl's.</summary>
/// <param name="Pem">Its request, as openssl wrote it.</param>
internal sealed record EstDevice(string KeyFile, string Pem)
{
    /// <summary>The request as RFC 8951 has it: base64 without armour.</summary>
    public byte[] Body => Encoding.ASCII.GetBytes(
        string.Join('\n', Pem.Split('\n').Where(line => !line.StartsWith("-----", StringComparison.Ordinal))));
}

internal static class EstRequest
{
    public const string Pkcs10 = "application/pkcs10";

    public static async Task<HttpResponseMessage> PostAsync(
        HttpClient http, string path, byte[] body, string? password = null, string? type = Pkcs10, Action<HttpRequestMessage>? more = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (type is not null)
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (password is not null)
        {
            request.Headers.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($":{password}")));
        }

        more?.Invoke(request);
        return await http.SendAsync(request);
    }

    /// <summary>The body of a 200, in the shape that every client reads.</summary>
    public static async Task<string> IssuedAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 200, $"{(int)answer.StatusCode}: {body}");
        Assert.Equal("application/pkcs7-mime; smime-type=certs-only", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(body.Length, answer.Content.Headers.ContentLength);
        Assert.EndsWith("\n", body, StringComparison.Ordinal);
        Assert.All(body.TrimEnd().Split('\n'), line => Assert.InRange(line.Length, 1, 76));
        return body;
    }

    /// <summary>The text of a refusal.</summary>
    public static async Task<string> RefusedAsync(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} instead of {status}: {text}");
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.ToString());
        Assert.EndsWith(".\n", text, StringComparison.Ordinal);
        return text;
    }
}
