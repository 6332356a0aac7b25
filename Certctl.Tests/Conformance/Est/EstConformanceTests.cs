using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Certctl.Tests.Conformance.Mtls;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>RFC 7030 from outside: the TLS under it, what binds a request to a connection, requested extensions, and fullcmc.</summary>
[Collection(nameof(EstKeyCollection))]
public sealed partial class EstConformanceTests(ServerKeyServer server) : IDisposable
{
    private const string Enroll = "est/keys/simpleenroll";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Conformance", "E-H7")]
    [Trait("Conformance", "E-H13")]
    public async Task Only_TLS_1_3_with_the_servers_certificate_is_spoken_and_plain_HTTP_gets_no_answer()
    {
        var port = server.Host.Url.Port;
        Assert.Contains("Cipher is TLS_", await Handshake.SeeAsync(server.Host, port), StringComparison.Ordinal);
        string[][] others =
        [
            ["-tls1_2"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "PSK:SRP", "-psk", "00112233445566778899aabbccddeeff"],
        ];
        foreach (var other in others)
            Assert.Contains("Cipher is (NONE)", await Handshake.SeeAsync(server.Host, port, null, other), StringComparison.Ordinal);

        using var socket = new TcpClient();
        await socket.ConnectAsync("localhost", port);
        var stream = socket.GetStream();
        await stream.WriteAsync("GET /.well-known/est/keys/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        var answer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var reading = stream.ReadAsync(answer, patience.Token).AsTask();
        await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.False(reading.IsCanceled);
        Assert.DoesNotContain("HTTP/", Encoding.ASCII.GetString(answer), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "E-H14")]
    public async Task Nothing_is_redirected_whatever_the_path()
    {
        using var http = Client();
        foreach (var path in new[]
        {
            "est/keys/cacerts", "est/keys/cacerts/", "est//keys/cacerts", "est/keys", "est/keys/", "est", "est/", "EST/keys/cacerts",
            "est/keys/csrattrs/", "est-mtls/keys/cacerts", "est/cacerts",
        })
        {
            using var answer = await http.GetAsync(path);
            Assert.False((int)answer.StatusCode is >= 300 and < 400, $"{path}: {(int)answer.StatusCode}");
            Assert.Null(answer.Headers.Location);
        }

        foreach (var password in new[] { null, ServerKeyServer.Password })
        {
            using var answer = await EstRequest.PostAsync(http, Enroll + "/", Csr("CN=not redirected"), password);
            Assert.Equal(password is null ? 401 : 200, (int)answer.StatusCode);
        }
    }

    [Fact]
    [Trait("Conformance", "E-H15")]
    [Trait("Conformance", "E-H12")]
    public async Task Nothing_of_one_connection_counts_in_another()
    {
        var (session, pem) = (_folder["session"], _folder["device.pem"]);
        using var device = server.Maker.Issue("CN=resumes");
        await File.WriteAllTextAsync(pem, device.ExportCertificatePem() + "\n" + device.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        const string Path = "/.well-known/est-mtls/keys/cacerts";
        var port = server.Host.Url.Port;
        Assert.Contains(
            "HTTP/1.1 200 OK",
            await Handshake.SeeAsync(server.Host, port, Path, "-cert", pem, "-key", pem, "-sess_out", session),
            StringComparison.Ordinal);
        var again = await Handshake.SeeAsync(server.Host, port, Path, "-sess_in", session);
        Assert.Contains("HTTP/1.1 403", again, StringComparison.Ordinal);
        Assert.DoesNotContain("Reused", again, StringComparison.Ordinal);

        // A cookie is none of ours, and proves nothing.
        using var http = Client();
        using (var let = await EstRequest.PostAsync(http, Enroll, Csr("CN=relayed"), ServerKeyServer.Password))
            Assert.False(let.Headers.Contains("Set-Cookie"));
        using var relayed = await EstRequest.PostAsync(
            http, Enroll, Csr("CN=relayed"), more: request => request.Headers.Add("Cookie", $"session={ServerKeyServer.Password}"));
        await EstRequest.RefusedAsync(relayed, 401);
    }

    [Fact]
    [Trait("Conformance", "E-L3")]
    [Trait("Conformance", "E-L4")]
    public async Task The_binding_of_a_relayed_connection_is_refused_for_it_cannot_be_verified()
    {
        // RFC 9266 §2: what a relay would have the device sign is the exporter of its own connection to this server.
        var seen = await Handshake.SeeAsync(
            server.Host, server.Host.Url.Port, null, "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32");
        var exporter = Convert.ToBase64String(Convert.FromHexString(KeyingMaterial().Match(seen).Groups[1].Value));
        Assert.Equal(44, exporter.Length);
        var unique = Convert.ToBase64String(RandomNumberGenerator.GetBytes(12));
        using var http = Client();
        foreach (var binding in new[] { exporter, unique })
        {
            using (var answer = await EstRequest.PostAsync(http, Enroll, Csr("CN=bound", binding), ServerKeyServer.Password))
            {
                Assert.Contains(
                    "bind the request to the TLS connection", await EstRequest.RefusedAsync(answer, 400), StringComparison.Ordinal);
            }

            // Where the label takes a challengePassword as its password, it is a wrong one.
            using var asPassword = await EstRequest.PostAsync(http, "est/plain/simpleenroll", Csr("CN=bound", binding));
            await EstRequest.RefusedAsync(asPassword, 403);
        }

        Assert.DoesNotContain(exporter, server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "E-E12")]
    [Trait("Conformance", "E-E13")]
    public async Task A_request_may_ask_for_any_extension_and_gets_those_of_the_profile()
    {
        using var http = Client();
        var plain = await IssuedAsync(http, Csr("CN=modest"));

        // Its key may not sign, says the request; its own signature is a proof of possession all the same.
        var cautious = await IssuedAsync(http, Csr("CN=cautious", change: request => request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyEncipherment, critical: true))));
        var greedy = await IssuedAsync(http, Csr("CN=greedy", change: request =>
        {
            request.CertificateExtensions.Add(
                new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.9"), new Oid("1.3.6.1.5.5.7.3.28")], critical: true));
            request.CertificateExtensions.Add(new X509Extension("1.2.3.4", [0x05, 0x00], critical: true));
        }));
        foreach (var certificate in new[] { cautious, greedy })
        {
            Assert.Equal(
                plain.Extensions.Select(e => (e.Oid!.Value, e.Critical)), certificate.Extensions.Select(e => (e.Oid!.Value, e.Critical)));
            foreach (var oid in new[] { "2.5.29.15", "2.5.29.19", "2.5.29.37" })
                Assert.Equal(plain.Extensions[oid]!.RawData, certificate.Extensions[oid]!.RawData);
        }

        Assert.False(plain.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
    }

    [Fact]
    [Trait("Conformance", "E-F1")]
    [Trait("Conformance", "E-F2")]
    public async Task Fullcmc_is_not_there_for_any_request()
    {
        using var http = Client();
        foreach (var body in new[] { "garbage"u8.ToArray(), Csr("CN=full"), [] })
        {
            using var answer = await EstRequest.PostAsync(
                http, "est/keys/fullcmc", body, ServerKeyServer.Password, "application/pkcs7-mime; smime-type=CMC-request");
            Assert.Contains("does not serve the operation", await EstRequest.RefusedAsync(answer, 404), StringComparison.Ordinal);
        }
    }

    private static byte[] Csr(string subject, string? challenge = null, Action<CertificateRequest>? change = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (challenge is not null)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(ScepWire.ChallengeOid), Der.Text(0x0C, challenge)));
        change?.Invoke(request);
        return Encoding.ASCII.GetBytes(Convert.ToBase64String(request.CreateSigningRequest()));
    }

    private static async Task<X509Certificate2> IssuedAsync(HttpClient http, byte[] csr)
    {
        using var answer = await EstRequest.PostAsync(http, Enroll, csr, ServerKeyServer.Password);
        var bag = new System.Security.Cryptography.Pkcs.SignedCms();
        bag.Decode(Convert.FromBase64String(await EstRequest.IssuedAsync(answer)));
        return Assert.Single(bag.Certificates);
    }

    private HttpClient Client()
    {
        var http = ScepWire.NewClient(server.Host.CaFile);
        http.BaseAddress = new Uri(server.Host.Url, "/.well-known/");
        return http;
    }

    [GeneratedRegex("Keying material: ([0-9A-F]{64})")]
    private static partial Regex KeyingMaterial();
}
