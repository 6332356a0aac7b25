using System.Net;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Mtls;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.Proxies;

/// <summary>What a trusted proxy may say, in each of its forms, and what no other client may.</summary>
public sealed class ProxyTrustTests(ProxiedServer server) : IClassFixture<ProxiedServer>
{
    private static readonly IPAddress Proxy = IPAddress.Loopback;
    private static readonly IPAddress Stranger = IPAddress.Parse("127.0.0.3");

    [Fact]
    public async Task A_certificate_comes_as_escaped_PEM_as_DER_in_base64_and_as_RFC_9440_has_it_and_is_judged_by_the_bundle()
    {
        using var ofA = server.A.Issue("CN=of a");
        using var ofB = server.B.Issue("CN=of b");
        foreach (var (form, write) in new (string, Func<byte[], string>)[]
        {
            ("nginx", der => Uri.EscapeDataString($"-----BEGIN CERTIFICATE-----\n{Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks)}\n-----END CERTIFICATE-----\n")),
            ("HAProxy", Convert.ToBase64String),
            ("RFC 9440", der => $":{Convert.ToBase64String(der)}:"),
        })
        {
            Assert.Equal((form, HttpStatusCode.OK), (form, await AskAsync(Proxy, (ProxiedServer.Header, write(ofA.RawData)))));
            Assert.Equal((form, HttpStatusCode.Unauthorized), (form, await AskAsync(Proxy, (ProxiedServer.Header, write(ofB.RawData)))));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Proxy));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Proxy, (ProxiedServer.Header, "")));
    }

    [Fact]
    public async Task A_chain_beside_it_leads_to_the_bundle()
    {
        var between = server.A.Below("CN=between");
        using var leaf = between.Issue("CN=below");
        var shown = (ProxiedServer.Header, $":{Convert.ToBase64String(leaf.RawData)}:");
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Proxy, shown));
        foreach (var chain in new[] { $":{Convert.ToBase64String(between.Certificate.RawData)}:", Convert.ToBase64String(between.Certificate.RawData) })
            Assert.Equal(HttpStatusCode.OK, await AskAsync(Proxy, shown, (ProxiedServer.Header + "-Chain", chain)));
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData(":rubbish")]
    [InlineData("::")]
    [InlineData("-----BEGIN%20CERTIFICATE-----%0AMAA=%0A")]
    [InlineData("MAAwAA==")]
    [InlineData("AgEB")]
    public async Task What_is_no_certificate_is_400_and_recorded(string value)
    {
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(Proxy, (ProxiedServer.Header, value)));
        Assert.Contains(await server.EventsAsync(), line => line.Reason == "proxy_unreadable"
            && line.Detail?.Contains(ProxiedServer.Header, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task From_any_other_address_a_certificate_is_refused_and_recorded_and_an_address_is_dropped()
    {
        using var ofA = server.A.Issue("CN=of a");
        foreach (var path in new[] { "/scep-mtls/a?operation=GetCACaps", "/scep/plain?operation=GetCACaps", "/.well-known/est-mtls/maker/cacerts", "/health" })
        {
            foreach (var name in new[] { ProxiedServer.Header, ProxiedServer.Header.ToLowerInvariant(), ProxiedServer.Header + "-Chain" })
                Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(Stranger, path, (name, ProxyTests.Escaped(ofA))));
        }

        Assert.Equal(HttpStatusCode.OK, await SendAsync(Stranger, "/scep/plain?operation=GetCACaps", ("X-Forwarded-For", "192.0.2.9")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(Stranger, "/api/v1/audit", ("X-Forwarded-For", "192.0.2.9")));
        var events = await server.EventsAsync();
        Assert.Contains(events, line => line.SourceAddress == $"{Stranger}"
            && line.Detail?.Contains("taken from the proxies in front alone", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(events, line => line.SourceAddress == "192.0.2.9");
    }

    [Theory]
    [InlineData(null, "127.0.0.1")]
    [InlineData("", "127.0.0.1")]
    [InlineData("198.51.100.1", "198.51.100.1")]
    [InlineData("192.0.2.1, 198.51.100.2", "198.51.100.2")]
    [InlineData("198.51.100.3, 127.0.0.2", "198.51.100.3")]
    [InlineData("192.0.2.1,198.51.100.4,127.0.0.2,127.0.0.1", "198.51.100.4")]
    [InlineData("198.51.100.5, unknown", "127.0.0.1")]
    [InlineData("198.51.100.5, unknown, 127.0.0.2", "127.0.0.2")]
    [InlineData("198.51.100.6:4711", "198.51.100.6")]
    [InlineData("[2001:db8::7]:4711", "2001:db8::7")]
    [InlineData("2001:db8::8", "2001:db8::8")]
    [InlineData("::ffff:198.51.100.9", "198.51.100.9")]
    public async Task The_client_is_the_last_hop_that_is_no_proxy(string? forwarded, string client)
    {
        using var wire = new ScepWire(server.Host.Url, server.Host.CaFile, "/scep/plain", from: Proxy);
        if (forwarded is not null)
            wire.Http.DefaultRequestHeaders.TryAddWithoutValidation("X-Forwarded-For", forwarded);
        var device = ScepDevice.Shared();
        var subject = $"CN={Guid.NewGuid():N}";
        (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, MtlsServer.Challenge), device)).Build())).Issued(device);
        Assert.Equal(client, Assert.Single(await server.EventsAsync(), line => line.Subject == subject).SourceAddress);
    }

    [Fact]
    public async Task Clients_behind_one_proxy_have_limits_of_their_own()
    {
        await using var host = await CertctlHost.StartAsync(
            null,
            ("CERTCTL_TRUSTED_PROXIES", "127.0.0.0/8"), ("CERTCTL_PROXY_CLIENT_CERT_HEADER", ProxiedServer.Header),
            ("CERTCTL_RATE_LIMIT_RPS", "1"), ("CERTCTL_RATE_LIMIT_BURST", "3"));
        using var http = ScepWire.NewClient(host.CaFile);
        var greedy = new List<HttpStatusCode>();
        for (var i = 0; i < 20; i++)
            greedy.Add(await AskAsync("198.51.100.1"));
        Assert.Contains(HttpStatusCode.TooManyRequests, greedy);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("198.51.100.2"));

        async Task<HttpStatusCode> AskAsync(string client)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "/api/v1/audit"));
            request.Headers.Add("X-Forwarded-For", client);
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    private Task<HttpStatusCode> AskAsync(IPAddress from, params (string Name, string Value)[] headers) =>
        SendAsync(from, "/scep-mtls/a?operation=GetCACaps", headers);

    private async Task<HttpStatusCode> SendAsync(IPAddress from, string path, params (string Name, string Value)[] headers)
    {
        using var http = ScepWire.NewClient(server.Host.CaFile, from: from);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, path));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
