using System.Globalization;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Compliance;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>How a request of a device ended, by either protocol.</summary>
/// <param name="Serial">Of the certificate; null: refused.</param>
/// <param name="Status">Of EST the HTTP status; of SCEP the pkiStatus.</param>
/// <param name="Text">That the device is told.</param>
/// <param name="Wait">Until it may come again, where it is told.</param>
internal sealed record DeviceOutcome(string? Serial, string Status, string Text, TimeSpan? Wait);

/// <summary>
/// One server with SCEP and EST at the root path: each lets a device have two certificates a day and asks a compliance service, with a
/// token of its own.
/// </summary>
public sealed class BothProtocolsServer : IAsyncLifetime, IDisposable
{
    internal const string Yes = """{"compliant":true,"reason":"enrolled and healthy"}""";
    internal const string No = """{"compliant":false,"reason":"reported lost"}""";

    private const string Password = "the password of both protocols";
    private const string NextAllowed = " Next allowed at ";
    private const string MetricsToken = "figures-0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private readonly TestConnector _connector = TestConnector.Ec();
    private ComplianceStub? _service;
    private CertctlHost? _host;
    private ScepWire? _scep;
    private HttpClient? _est;
    private X509Certificate2? _ra;

    internal CertctlHost Host => _host!;

    internal ComplianceStub Service => _service!;

    /// <summary>What the compliance service says; null: it is out of order.</summary>
    internal string? Answer { get; set; } = Yes;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder["connectors.pem"], _connector.Pem);
        await File.WriteAllTextAsync(_folder["service.pem"], ComplianceStub.Ca.Pem);
        _service = await ComplianceStub.StartAsync(AnswerAsync);
        var settings = new List<(string, string)>
        {
            ("CERTCTL_SCEP_INTUNE_ENABLED", "true"),
            ("CERTCTL_SCEP_INTUNE_CONNECTOR_CERT_PATH", _folder["connectors.pem"]),
            ("CERTCTL_SCEP_INTUNE_PER_DEVICE_RATE_LIMIT_24H", "2"),
            ("CERTCTL_EST_ENABLED", "true"),
            ("CERTCTL_EST_ALLOWED_AUTH_MODES", "basic"),
            ("CERTCTL_EST_ENROLLMENT_PASSWORD", Password),
            ("CERTCTL_EST_RATE_LIMIT_PER_PRINCIPAL_24H", "2"),
            ("CERTCTL_METRICS_ENABLED", "true"),
            ("CERTCTL_METRICS_TOKEN", MetricsToken),
        };
        foreach (var protocol in new[] { "SCEP", "EST" })
        {
            await WriteTokenAsync(protocol, TokenOf(protocol, "first"));
            settings.Add(($"CERTCTL_{protocol}_COMPLIANCE_URL", $"{Service.Url}"));
            settings.Add(($"CERTCTL_{protocol}_COMPLIANCE_TIMEOUT", "30s"));
            settings.Add(($"CERTCTL_{protocol}_COMPLIANCE_CA_PATH", _folder["service.pem"]));
            settings.Add(($"CERTCTL_{protocol}_COMPLIANCE_BEARER_TOKEN_FILE", _folder[protocol]));
        }

        _host = await CertctlHost.StartAsync(null, [.. settings]);
        _scep = Host.Connect();
        _ra = await _scep.RecipientAsync();
        _est = ScepWire.NewClient(Host.CaFile);
        _est.BaseAddress = new Uri(Host.Url, "/.well-known/");
    }

    public async Task DisposeAsync()
    {
        _scep?.Dispose();
        _est?.Dispose();
        await Host.DisposeAsync();
        await Service.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    internal static string TokenOf(string protocol, string which) => $"token-of-{protocol}-{which}-0123456789";

    internal Task WriteTokenAsync(string protocol, string token) => File.WriteAllTextAsync(_folder[protocol], token);

    /// <summary>What lets a device of this name in: a signed challenge, which has one use, or the password, which has many.</summary>
    internal string CredentialFor(string protocol, string name) => protocol == "SCEP" ? _connector.For(name) : Password;

    /// <summary>A request, to be sent as often as the test likes; another key is another request for the same name.</summary>
    internal Func<Task<DeviceOutcome>> Request(string protocol, string name, int key = 0, string? credential = null)
    {
        credential ??= CredentialFor(protocol, name);
        var device = ScepDevice.Shared(key);
        if (protocol == "EST")
        {
            var body = System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(device.Csr($"CN={name}", (string?)null)));
            return () => SendByEstAsync(body, credential);
        }

        var message = new ForgedRequest
        {
            Plaintext = device.Csr($"CN={name}", credential),
            Recipient = _ra!,
            SignerKey = device.Key,
            SignerCertificate = device.Certificate,
            Certificates = [device.Certificate.RawData],
        }.Build();
        return () => SendByScepAsync(message, device);
    }

    /// <summary>Of requests with this reason or, where it is null, of issued ones, for the protocol.</summary>
    internal async Task<List<AuditEvent>> EventsAsync(string protocol, string? reason)
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var action = protocol == "SCEP" ? "scep_pkcsreq_intune" : "est_simple_enroll";
        var all = await db.AuditEvents.AsNoTracking().Where(e => e.Action == action && e.Reason == reason).ToListAsync();
        return [.. all.OrderBy(e => e.Id)];
    }

    internal async Task<int> CountAsync(string name)
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.Certificates.CountAsync(certificate => certificate.Subject == "CN=" + name);
    }

    /// <summary>The figure of the one series with these labels; 0 where there is none yet.</summary>
    // The exporter repeats an answer that is younger than 300 ms, and counts follow the reply: asked until the figure is at least that.
    internal async Task<double> FigureAsync(double atLeast, string series, params string[] labels)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        double figure;
        while ((figure = await FigureNowAsync(series, labels)) < atLeast && !bound.IsCancellationRequested)
            await Task.Delay(50);
        return figure;
    }

    private async Task<double> FigureNowAsync(string series, string[] labels)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Host.Url, "/metrics"));
        request.Headers.Authorization = new("Bearer", MetricsToken);
        using var answer = await _est!.SendAsync(request);
        var line = (await answer.Content.ReadAsStringAsync()).Split('\n').SingleOrDefault(line =>
            line.StartsWith(series + "{", StringComparison.Ordinal)
            && labels.All(label => line.Contains(label, StringComparison.Ordinal)));
        return line is null ? 0 : double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private async Task<DeviceOutcome> SendByScepAsync(byte[] message, ScepDevice device)
    {
        var reply = await _scep!.SendAsync(message);
        if (reply.Status == "0")
            return new DeviceOutcome(reply.Issued(device).SerialNumber, "0", "", null);
        var (text, at) = (reply.FailInfoText, reply.FailInfoText.IndexOf(NextAllowed, StringComparison.Ordinal));
        return new DeviceOutcome(null, reply.Status, text, at < 0
            ? null
            : DateTimeOffset.Parse(
                text[(at + NextAllowed.Length)..].TrimEnd('.'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
                - DateTimeOffset.UtcNow);
    }

    private async Task<DeviceOutcome> SendByEstAsync(byte[] body, string password)
    {
        using var answer = await EstRequest.PostAsync(_est!, "est/simpleenroll", body, password);
        if ((int)answer.StatusCode != 200)
        {
            var text = await EstRequest.RefusedAsync(answer, (int)answer.StatusCode);
            return new DeviceOutcome(null, $"{(int)answer.StatusCode}", text, answer.Headers.RetryAfter?.Delta);
        }

        var bag = new SignedCms();
        bag.Decode(Convert.FromBase64String(await EstRequest.IssuedAsync(answer)));
        return new DeviceOutcome(Assert.Single(bag.Certificates).SerialNumber, "200", "", null);
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (Answer is not { } json)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}
