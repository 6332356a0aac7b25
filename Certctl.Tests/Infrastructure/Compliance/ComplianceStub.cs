using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Compliance;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>One request as the service saw it.</summary>
internal sealed record SeenQuestion(string Body, IHeaderDictionary Headers, X509Certificate2? Client, string Protocol);

/// <summary>A compliance service on a real HTTPS listener of its own, which behaves as the test says.</summary>
internal sealed class ComplianceStub : IAsyncDisposable
{
    public const string Token = "the-token-that-must-not-be-logged";

    public static readonly BootstrapCa Ca = BootstrapCa.Root("CN=compliance root");

    private readonly WebApplication _app;

    private ComplianceStub(WebApplication app) => _app = app;

    public ConcurrentQueue<SeenQuestion> Seen { get; } = new();

    public Uri Url => new($"https://localhost:{new Uri(_app.Urls.First()).Port}/compliance");

    public static Task<ComplianceStub> StartAsync(string json) => StartAsync(context =>
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    });

    /// <param name="tls">Null: a good certificate for localhost.</param>
    /// <param name="asksForCertificate">A browser would ask its user for one.</param>
    public static async Task<ComplianceStub> StartAsync(
        RequestDelegate answer, X509Certificate2? tls = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2,
        bool asksForCertificate = true)
    {
        // One for all connections: a browser that has seen another one begins anew.
        var shown = tls ?? Certificate("localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(Handshake(shown, protocols, asksForCertificate)),
                });
            });
        });
        var app = builder.Build();
        var service = new ComplianceStub(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            service.Seen.Enqueue(new SeenQuestion(
                await reader.ReadToEndAsync(),
                new HeaderDictionary(context.Request.Headers.ToDictionary()),
                context.Connection.ClientCertificate,
                context.Request.Protocol));
            await answer(context);
        });
        await app.StartAsync();
        return service;
    }

    // Kestrel's own way would refuse the certificates that a client has to refuse.
    private static SslServerAuthenticationOptions Handshake(X509Certificate2 certificate, HttpProtocols protocols, bool asks) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        ApplicationProtocols = protocols switch
        {
            HttpProtocols.Http1 => [SslApplicationProtocol.Http11],
            HttpProtocols.Http2 => [SslApplicationProtocol.Http2],
            _ => [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        },
        ClientCertificateRequired = asks,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, client, _, errors) => !asks || client is not null
            || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable),
    };

    /// <summary>A certificate of <paramref name="ca"/> for a host.</summary>
    public static X509Certificate2 Certificate(
        string host, BootstrapCa? ca = null, string eku = BootstrapCa.ServerAuth, int toDays = 100) =>
        (ca ?? Ca).Issue($"CN={host}", eku, -10, toDays, null, request =>
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
        });

    public HttpComplianceHook Hook(TimeSpan? timeout = null, ComplianceLimits? limits = null, ILogger<HttpComplianceHook>? logger = null) =>
        new(Settings(Url, timeout, limits), logger ?? NullLogger<HttpComplianceHook>.Instance);

    /// <summary>With a token, the root of <see cref="Ca"/>, and time enough for a busy machine.</summary>
    public static ComplianceSettings Settings(Uri url, TimeSpan? timeout = null, ComplianceLimits? limits = null) =>
        new(url, new ComplianceCredential.Bearer(new Secret(Token)), timeout ?? TimeSpan.FromSeconds(20))
        {
            Roots = [Ca.Certificate],
            Limits = limits ?? new(),
        };

    /// <summary>Shows a client certificate in place of the token.</summary>
    public static ComplianceCredential.ClientCertificate Client(X509Certificate2 certificate) =>
        new(new KeyPair(X509CertificateLoader.LoadCertificate(certificate.RawData), certificate.GetECDsaPrivateKey()!, []));

    public static ComplianceQuestion Question(DeviceClaim? claim = null) => new(
        "SCEP", "corp", "default", new TransactionId("T-1"), "r-1", "192.0.2.1",
        claim is null ? ChallengeKind.Static : ChallengeKind.Intune, claim, Csr());

    private static CertificateSigningRequest Csr() => new()
    {
        DerWithoutChallenge = "the request itself"u8.ToArray(),
        Sha256 = SHA256.HashData("the request"u8),
        ChallengePassword = new Secret("the challenge that must not be sent on"),
        Subject = new SubjectName
        {
            Der = new byte[] { 0x30, 0x00 },
            Rdns = [[new NameAttribute("2.5.4.3", "device-1", new byte[] { 0x0C, 0x00 })]],
        },
        PublicKey = new PublicKeyInfo { Der = new byte[] { 1 }, Algorithm = KeyAlgorithm.Rsa, Bits = 2048, Sha256 = SHA256.HashData([1]) },
        SubjectAltNames =
        [
            new(SubjectAltNameKind.DnsName, "d.example", default),
            new(SubjectAltNameKind.Rfc822Name, "u@example", default),
            new(SubjectAltNameKind.OtherName, "user@example", default, SubjectAltName.UserPrincipalNameOid),
            new(SubjectAltNameKind.Uri, "urn:x", default),
            new(SubjectAltNameKind.IpAddress, "192.0.2.7", default),
            new(SubjectAltNameKind.RegisteredId, "1.2.3", default),
        ],
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
