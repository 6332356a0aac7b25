using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Infrastructure.ScepClient;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Certctl.Tests.Infrastructure.EstClient;

/// <summary>One request as the fake server read it.</summary>
public sealed record SeenEst(string Method, string Path, string? Authorization, string? ClientCertificate, string ContentType, byte[] Csr);

/// <summary>
/// A small EST server on loopback by TLS, whose answers are those of RFC 7030 unless a test puts others in their place. It shares nothing
/// with the product's.
/// </summary>
public sealed class FakeEstServer : IAsyncDisposable
{
    private static readonly Lazy<X509Certificate2> LazyTls = new(() => TlsCertificate("127.0.0.1"));

    private readonly WebApplication _app;

    private FakeEstServer(WebApplication app) => _app = app;

    public IReadOnlyList<X509Certificate2> Cas { get; set; } = [FakePki.Ca];

    /// <summary>DER; null: 404.</summary>
    public byte[]? CsrAttrs { get; set; }

    /// <summary>"user:password"; null: nobody is asked.</summary>
    public string? Password { get; set; }

    /// <summary>So many requests are answered 202 first.</summary>
    public int PendingFirst { get; set; }

    /// <summary>Retry-After of a 202.</summary>
    public string? RetryAfter { get; set; }

    /// <summary>In place of the certificate for the request.</summary>
    public Func<PublicKey, X500DistinguishedName, X509Certificate2>? Issue { get; set; }

    /// <summary>In place of everything that a POST is answered with.</summary>
    public Func<HttpContext, SeenEst, Task>? Instead { get; set; }

    public ConcurrentQueue<SeenEst> Seen { get; } = new();

    public IEnumerable<SeenEst> Posts => Seen.Where(seen => seen.Method == "POST");

    /// <summary>Without a path.</summary>
    public string Url => _app.Urls.First();

    public static async Task<FakeEstServer> StartAsync(X509Certificate2? tls = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listener => listener.UseHttps(tls ?? LazyTls.Value, https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            })));
        var app = builder.Build();
        var server = new FakeEstServer(app);
        app.Map("/{**path}", server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>A TLS certificate of the fake CA for an address.</summary>
    public static X509Certificate2 TlsCertificate(string address, RSA? caKey = null, X509Certificate2? ca = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        using var bare = FakePki.Make("CN=tls", FakePki.RaKey, ca ?? FakePki.Ca, caKey ?? FakePki.CaKey,
            X509KeyUsageFlags.DigitalSignature, alternatives: names.Build());
        using var pair = bare.CopyWithPrivateKey(FakePki.RaKey);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public static byte[] CertsOnly(params IEnumerable<X509Certificate2> certificates) =>
        new X509Certificate2Collection(
            certificates.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawData)).ToArray())
            .Export(X509ContentType.Pkcs7)!;

    /// <summary>As RFC 8951 §3 has it: in lines.</summary>
    public static Task WriteAsync(HttpContext http, string type, byte[] der) =>
        WriteTextAsync(http, type, Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\r\n");

    public static async Task WriteTextAsync(HttpContext http, string type, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body);
    }

    public static X509Certificate2 Certify(PublicKey key, X500DistinguishedName subject, int lastDay = 90) => FakePki.Make(
        subject, key, FakePki.Ca.SubjectName, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature, lastDay: lastDay);

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var request = http.Request;
        var seen = new SeenEst(
            request.Method, request.Path, request.Headers.Authorization, http.Connection.ClientCertificate?.Thumbprint,
            request.ContentType ?? "", Convert.FromBase64String(Encoding.ASCII.GetString(body.ToArray())));
        Seen.Enqueue(seen);
        switch (request.Path.Value!.Split('/')[^1])
        {
            case "cacerts":
                await WriteAsync(http, "application/pkcs7-mime", CertsOnly(Cas));
                break;
            case "csrattrs" when CsrAttrs is { } attributes:
                await WriteAsync(http, "application/csrattrs", attributes);
                break;
            case "csrattrs":
                http.Response.StatusCode = 404;
                break;
            default:
                await EnrolAsync(http, seen);
                break;
        }
    }

    private async Task EnrolAsync(HttpContext http, SeenEst seen)
    {
        if (Password is { } known && seen.Authorization != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(known)))
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"est\"";
            await WriteTextAsync(http, "text/plain", "Who are you?");
        }
        else if (Instead is { } instead)
            await instead(http, seen);
        else if (PendingFirst-- > 0)
        {
            http.Response.StatusCode = 202;
            http.Response.Headers.RetryAfter = RetryAfter;
            await WriteTextAsync(http, "text/plain", "An operator is asked.");
        }
        else
        {
            var csr = CertificateRequest.LoadSigningRequest(
                seen.Csr, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1);
            await WriteAsync(http, "application/pkcs7-mime; smime-type=certs-only",
                CertsOnly((Issue ?? ((key, subject) => Certify(key, subject)))(csr.PublicKey, csr.SubjectName)));
        }
    }
}
