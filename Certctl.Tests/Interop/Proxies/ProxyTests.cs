using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Domain.Audit;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Mtls;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.Proxies;

/// <summary>
/// Devices without TLS 1.3, and without any, behind Debian's nginx and HAProxy with the files of samples/proxy: outside TLS 1.2, inside
/// TLS 1.3, client certificates and addresses passed on.
/// </summary>
public sealed class ProxyTests(ProxiedServer server) : IClassFixture<ProxiedServer>
{
    private static readonly IPAddress Device = IPAddress.Parse("127.0.0.5");

    [Theory]
    [InlineData(SampleProxy.Nginx)]
    [InlineData(SampleProxy.HaProxy)]
    public async Task A_device_with_TLS_1_2_enrols_by_SCEP_and_EST_with_and_without_its_certificate(string sample)
    {
        if (!SampleProxy.CanRun)
            return;
        await using var proxy = await SampleProxy.StartAsync(sample, server.Host.Url, server.Host.CaFile);
        var url = new Uri($"https://localhost:{proxy.Port}");
        var name = sample.Split('.')[0];
        var made = BootstrapCa.Shown(server.A.Issue($"CN=made by a for {name}"));

        await EnrolByScepAsync("/scep/plain", null, $"CN={name} plain");
        await EnrolByScepAsync("/scep-mtls/a", made, $"CN={name} mtls");
        foreach (var (shown, path) in new[] { (null, "/scep-mtls/a"), (made, "/scep-mtls/b") })
        {
            using var refused = Wire(path, shown);
            Assert.Equal(HttpStatusCode.Unauthorized, (await MtlsServer.AskAsync(refused)).Status);
        }

        await EnrolByEstAsync("est", null, $"CN={name} est basic", ProxiedServer.Password);
        await EnrolByEstAsync("est-mtls", made, $"CN={name} est mtls", ProxiedServer.Password);
        using (var stranger = Http(BootstrapCa.Shown(server.B.Issue("CN=made by b"))))
        {
            using var refused = await stranger.PostAsync(new Uri(url, "/.well-known/est-mtls/maker/simpleenroll"), Csr("CN=refused"));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        // The address is the device's, and the trail says who saw the certificate.
        var events = (await server.EventsAsync()).Where(line => line.Subject?.StartsWith($"CN={name} ", StringComparison.Ordinal) == true
            && line.Outcome == AuditOutcome.Issued).ToList();
        Assert.Equal(4, events.Count);
        Assert.All(events, line => Assert.Equal($"{Device}", line.SourceAddress));
        Assert.All(
            events.Where(line => line.Subject!.EndsWith("mtls", StringComparison.Ordinal)),
            line => Assert.Matches($"^CN=\"?made by a for {name}\"? #[0-9a-f]+ by proxy 127.0.0.1$", line.ClientCertificate!));

        // What a device writes itself under these names never arrives.
        using var liar = Http(null);
        using var forged = new HttpRequestMessage(HttpMethod.Get, new Uri(url, "/scep-mtls/a?operation=GetCACaps"));
        forged.Headers.Add(ProxiedServer.Header, Escaped(server.A.Issue("CN=stolen")));
        forged.Headers.Add("X-Forwarded-For", "192.0.2.66");
        using (var answer = await liar.SendAsync(forged))
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain(await server.EventsAsync(), line => line.SourceAddress == "192.0.2.66");
        using (var inside = await liar.GetAsync(new Uri(url, "/api/v1/version")))
            Assert.Equal(HttpStatusCode.NotFound, inside.StatusCode);

        // TLS 1.1 outside, and anything but TLS inside, come to nothing.
        Assert.NotEqual(0, Handshake(proxy.Port, "-tls1_1").ExitCode);
        Assert.Equal(0, Handshake(proxy.Port, "-tls1_2").ExitCode);
        Assert.NotEqual(0, Handshake(server.Host.Url.Port, "-tls1_2").ExitCode);
        Assert.NotEqual(
            0, ExternalTool.Run("curl", "-sS", "--max-time", "20", $"http://127.0.0.1:{server.Host.Url.Port}/scep?operation=GetCACaps").ExitCode);

        ScepWire Wire(string path, SslStreamCertificateContext? shown) => new(url, proxy.CaFile, path, shown, Device, SslProtocols.Tls12);

        HttpClient Http(SslStreamCertificateContext? shown) => ScepWire.NewClient(proxy.CaFile, shown, Device, SslProtocols.Tls12);

        async Task EnrolByScepAsync(string path, SslStreamCertificateContext? shown, string subject)
        {
            using var wire = Wire(path, shown);
            var device = ScepDevice.Shared();
            (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, MtlsServer.Challenge), device)).Build())).Issued(device);
        }

        async Task EnrolByEstAsync(string root, SslStreamCertificateContext? shown, string subject, string password)
        {
            using var http = Http(shown);
            http.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"device:{password}")));
            using var answer = await http.PostAsync(new Uri(url, $"/.well-known/{root}/maker/simpleenroll"), Csr(subject));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var bag = new SignedCms();
            bag.Decode(Convert.FromBase64String(await answer.Content.ReadAsStringAsync()));
            Assert.Equal(subject, Assert.Single(bag.Certificates).Subject);
        }
    }

    [Fact]
    public async Task Inside_the_proxy_refuses_a_server_that_it_cannot_verify()
    {
        if (!SampleProxy.CanRun)
            return;
        var strange = Path.Combine(server.Host.Folder, "strange.pem");
        await File.WriteAllTextAsync(strange, server.B.Pem);
        foreach (var (sample, status) in new[] { (SampleProxy.Nginx, HttpStatusCode.BadGateway), (SampleProxy.HaProxy, HttpStatusCode.ServiceUnavailable) })
        {
            await using var proxy = await SampleProxy.StartAsync(sample, server.Host.Url, strange);
            using var http = ScepWire.NewClient(proxy.CaFile, tls: SslProtocols.Tls12);
            using var answer = await http.GetAsync(new Uri($"https://localhost:{proxy.Port}/scep/plain?operation=GetCACaps"));
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Printers_without_TLS_reach_SCEP_and_publication_alone_and_from_their_network_alone()
    {
        if (!SampleProxy.CanRun)
            return;
        await using var proxy = await SampleProxy.StartAsync(SampleProxy.NginxPlain, server.Host.Url, server.Host.CaFile, allowed: "127.0.0.5/32");
        var url = $"http://127.0.0.1:{proxy.Port}";
        using var wire = new ScepWire(new Uri(url), server.Host.CaFile, "/scep/plain", from: Device);
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=printer", MtlsServer.Challenge), device)).Build())).Issued(device);
        Assert.Contains(await server.EventsAsync(), line => line.Subject == "CN=printer" && line.SourceAddress == $"{Device}");
        foreach (var (path, status) in new[]
        {
            ("/scep-mtls/a?operation=GetCACaps", HttpStatusCode.NotFound), ("/.well-known/est/maker/cacerts", HttpStatusCode.NotFound),
            ("/api/v1/version", HttpStatusCode.NotFound), ("/ui/", HttpStatusCode.NotFound), ("/.well-known/pki/ca/iss-local", HttpStatusCode.OK),
        })
        {
            using var answer = await wire.Http.GetAsync(new Uri(url + path));
            Assert.Equal((path, status), (path, answer.StatusCode));
        }

        using var other = ScepWire.NewClient(server.Host.CaFile, from: IPAddress.Parse("127.0.0.6"));
        using var refused = await other.GetAsync(new Uri(url + "/scep/plain?operation=GetCACaps"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    internal static string Escaped(X509Certificate2 certificate) => Uri.EscapeDataString(certificate.ExportCertificatePem() + "\n");

    internal static StringContent Csr(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();
        return new StringContent(Convert.ToBase64String(csr), new MediaTypeHeaderValue("application/pkcs10"));
    }

    private static ToolRun Handshake(int port, string version) => ExternalTool.Run(
        "openssl", "s_client", "-connect", $"127.0.0.1:{port}", version, "-cipher", "DEFAULT@SECLEVEL=0", "-brief");
}
