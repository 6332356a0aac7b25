using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Mtls;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.Proxies;

/// <summary>HAProxy passes TLS through and says by the PROXY protocol whose connection it is.</summary>
public sealed class PassThroughTests(PassedThroughServer server) : IClassFixture<PassedThroughServer>
{
    private static readonly byte[] Signature = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    [Fact]
    public async Task A_device_behind_HAProxy_enrols_under_its_own_address_and_shows_its_certificate_here()
    {
        if (!SampleProxy.CanRun)
            return;
        await using var proxy = await SampleProxy.StartAsync(SampleProxy.HaProxyPassThrough, server.Host.Url, server.Host.CaFile);
        var device = ScepDevice.Shared();
        var shown = BootstrapCa.Shown(server.A.Issue("CN=made by a"));
        using var wire = new ScepWire(
            new Uri($"https://localhost:{proxy.Port}"), server.Host.CaFile, "/scep-mtls/a", shown, IPAddress.Parse("127.0.0.7"));
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=passed through", MtlsServer.Challenge), device)).Build())).Issued(device);
        var line = Assert.Single(
            await server.EventsAsync(), line => line.Subject == "CN=passed through" && line.Outcome == AuditOutcome.Issued);
        Assert.Equal("127.0.0.7", line.SourceAddress);
        Assert.Matches("^CN=made by a #[0-9a-f]+$", line.ClientCertificate!);
    }

    [Fact]
    public async Task A_proxy_without_the_protocol_and_a_stranger_with_it_get_no_answer_and_a_stranger_without_it_is_served()
    {
        using var direct = new ScepWire(server.Host.Url, server.Host.CaFile, "/scep/plain", from: IPAddress.Parse("127.0.0.3"));
        Assert.Equal(HttpStatusCode.OK, (await MtlsServer.AskAsync(direct)).Status);
        Assert.False(await IsServedAsync("127.0.0.1", []));
        await server.Host.LoggedAsync("does not begin with the PROXY protocol");

        byte[] address = [127, 0, 0, 9, 127, 0, 0, 1, 0x10, 0x00, 0x1F, 0x90];
        foreach (var (from, header, isServed) in new (string, byte[], bool)[]
        {
            ("127.0.0.1", [.. Signature, 0x21, 0x11, 0, 12, .. address], true),
            ("127.0.0.1", [.. Signature, 0x20, 0x00, 0, 0], true),
            ("127.0.0.1", [.. Signature, 0x21, 0x11, 0, 15, .. address, 4, 0, 0], true),
            ("127.0.0.1", [.. Signature, 0x21, 0x11, 0, 4, 127, 0, 0, 9], false),
            ("127.0.0.1", [.. Signature, 0x21, 0x31, 0, 12, .. address], false),
            ("127.0.0.1", [.. Signature, 0x11, 0x11, 0, 12, .. address], false),
            ("127.0.0.1", [.. Signature, 0x21, 0x11, 0xFF, 0xFF], false),
            ("127.0.0.1", "PROXY TCP4 127.0.0.9 127.0.0.1 4096 8080\r\n"u8.ToArray(), false),
            ("127.0.0.3", [.. Signature, 0x21, 0x11, 0, 12, .. address], false),
        })
        {
            Assert.Equal((from, Convert.ToHexString(header), isServed), (from, Convert.ToHexString(header), await IsServedAsync(from, header)));
        }
    }

    private async Task<bool> IsServedAsync(string from, byte[] header)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancelled) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancelled);
                if (header.Length > 0)
                    await socket.SendAsync(header, cancelled);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new() { CertificateChainPolicy = Believing(server.Host.CaFile) },
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(2) };
        try
        {
            return (await http.GetAsync(new Uri(server.Host.Url, "/scep/plain?operation=GetCACaps"))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (SocketException)
        {
            // Cut before the client has looked at its connection.
            return false;
        }
    }

    private static X509ChainPolicy Believing(string caFile) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(caFile) },
        RevocationMode = X509RevocationMode.NoCheck,
    };
}
