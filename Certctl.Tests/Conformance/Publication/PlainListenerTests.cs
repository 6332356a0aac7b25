using System.Net;
using System.Net.Sockets;
using System.Text;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>The listener without TLS serves publication, and nothing of the control plane by any spelling.</summary>
public sealed class PlainListenerTests(PublicationServer server) : IClassFixture<PublicationServer>
{
    private const string Close = "Connection: close\r\n\r\n";
    private const string Ca = "GET /.well-known/pki/ca/iss-local HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Get = "GET /.well-known/pki/crl/x";
    private const string Post = "POST /.well-known/pki/ocsp/iss-local HTTP/1.1\r\nHost: x\r\n";

    public static TheoryData<string> Spellings => new(
        "/", "//", "/health", "/ready", "/metrics", "/api/v1/version", "/api/v1/auth/info", "/openapi/v1.json",
        "/scep?operation=GetCACaps", "/scep-mtls", "/cgi-bin/pkiclient.exe?operation=GetCACert", "/certsrv/mscep/mscep.dll",
        "/.well-known/other", "/.well-known/est/cacerts", "/.well-known", "/.well-known/", "/.well-known/pki",
        "/.well-known/pkix/crl/iss-local", "/.WELL-KNOWN/pki/../../api/v1/version", "/.well-known/pki/../../api/v1/version",
        "/.well-known/pki/../../../health", "/.well-known/pki/..", "/.well-known/pki/crl/../../../health",
        "/.well-known/pki/%2e%2e/%2e%2e/health", "/.well-known/pki/%2E%2E/%2E%2E/api/v1/version", "/.well-known/pki/..%2f..%2fhealth",
        "/.well-known/pki/..%5c..%5chealth", "/.well-known/pki\\..\\..\\health", "/.well-known/pki/..;/..;/health",
        "/.well-known/pki//../../health", "/.well-known/pki/%252e%252e/%252e%252e/health", "/.well-known%2fpki/crl/iss-local",
        "/.well-known/pki%2f..%2f..%2fhealth", "/.well-known/pki/crl/iss-local/../../../../health", "/.well-known/pki/./../../health",
        "//.well-known/pki/../../health", "//health", "///api/v1/version", "/./health", "/%2e/health", "/%68ealth", "/health%00",
        "/health?/.well-known/pki/crl/iss-local", "/health#/.well-known/pki/crl/iss-local", "/api/v1/version;/.well-known/pki/",
        "http://localhost/health", "http://localhost/api/v1/version", "https://localhost/health", "http://localhost//health",
        "http://localhost/.well-known/pki/../../health", "http://localhost", "http://localhost?/.well-known/pki/crl/iss-local",
        "http://.well-known/pki/crl/iss-local/../../../health", "http://user:pw@localhost/health", "ftp://localhost/health",
        "/.well-known/pki/crl/iss-local%2f..%2f..%2f..%2f..%2fhealth");

    public static TheoryData<string> Requests => new(
        "GET /health HTTP/1.0\r\n\r\n",
        "GET /health HTTP/1.0\r\nHost: localhost\r\nX-Forwarded-Prefix: /.well-known/pki\r\nX-Original-URL: /health\r\n\r\n",
        "GET /.well-known/pki/x HTTP/1.1\r\nHost: localhost\r\nX-Rewrite-URL: /health\r\nX-HTTP-Method-Override: PUT\r\n" + Close,
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n" + Close,
        "CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n" + Close,
        "TRACE /health HTTP/1.1\r\nHost: localhost\r\n" + Close,
        "GET health HTTP/1.1\r\nHost: localhost\r\n" + Close,
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0",
        "GET /.well-known/pki/crl/none HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + "GET /health HTTP/1.1\r\nHost: localhost\r\n" + Close,
        "\u0016\u0003\u0001\0\u0005hello\r\n\r\n");

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Nothing_else_is_served_by_any_spelling_of_its_path(string target)
    {
        server.Crl = server.NewCrl();
        foreach (var method in new[] { "GET", "POST", "HEAD", "OPTIONS" })
        {
            var answer = await TellAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{Close}");
            Assert.Matches("^HTTP/1.1 (400|404) ", answer);
            Assert.DoesNotContain(PublicationServer.Secret, answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Location:", answer, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Nor_by_another_version_method_or_header(string request)
    {
        var answer = await TellAsync(request);
        Assert.DoesNotContain(PublicationServer.Secret, answer, StringComparison.Ordinal);
        Assert.DoesNotMatch("HTTP/1.1 [123]", answer);
        Assert.DoesNotMatch("HTTP/1.1 50[0-4]", answer);
    }

    [Fact]
    [Trait("Conformance", "H-7")]
    public async Task Publication_is_plain_HTTP_without_redirect_and_without_HSTS()
    {
        server.Crl = server.NewCrl();
        (string, int)[] cases = [("crl/iss-local", 200), ("ca/iss-local", 200), ("ocsp/iss-local/0a", 200), ("crl/none", 404)];
        foreach (var (path, status) in cases)
        {
            using var answer = await server.SendAsync(HttpMethod.Get, server.Plain, $"/.well-known/pki/{path}");
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
            Assert.False(answer.Headers.Contains("Location"));
            Assert.False(answer.Headers.Contains("Alt-Svc"));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        }

        // The other listener has its control plane, so that the test sees the difference.
        using var main = await server.SendAsync(HttpMethod.Get, server.Main, "/health");
        Assert.Equal(PublicationServer.Secret, await main.Content.ReadAsStringAsync());
        Assert.True(main.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task Its_limits_are_its_own()
    {
        await RefusesAsync(414, $"{Get}{new string('a', 9 * 1024)} HTTP/1.1\r\nHost: x\r\n{Close}");
        await RefusesAsync(431, $"{Get} HTTP/1.1\r\nHost: x\r\nX-Long: {new string('a', 17 * 1024)}\r\n{Close}");
        var body = new string('a', 70_000);
        await RefusesAsync(413, $"{Post}Content-Length: 70000\r\n{Close}{body}");
        await RefusesAsync(413, $"{Post}Transfer-Encoding: chunked\r\n{Close}11170\r\n{body}\r\n0\r\n\r\n");

        async Task RefusesAsync(int status, string request) =>
            Assert.StartsWith($"HTTP/1.1 {status} ", await TellAsync(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_beyond_its_share_are_closed_and_the_main_port_has_its_own()
    {
        var small = new PublicationServer { MaxPlainConnections = 2 };
        await small.InitializeAsync();
        try
        {
            await using var first = await RawHttp.ConnectPlainAsync(small.Plain);
            await using var second = await RawHttp.ConnectPlainAsync(small.Plain);
            foreach (var held in new[] { first, second })
            {
                await held.SendAsync("GET /.well-known/pki/ca/iss-local HTTP/1.1\r\nHost: x\r\n\r\n");
                Assert.Equal(200, (await held.ReadAsync()).Status);
            }

            await using (var third = await RawHttp.ConnectPlainAsync(small.Plain))
                Assert.True(await third.IsClosedAsync());
            using var main = await small.SendAsync(HttpMethod.Get, small.Main, "/.well-known/pki/ca/iss-local");
            Assert.Equal(HttpStatusCode.OK, main.StatusCode);

            // A place that was left is given again.
            await first.DisposeAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (!await IsServedAsync(small.Plain))
                await Task.Delay(20, patience.Token);
        }
        finally
        {
            await small.DisposeAsync();
        }

    }

    [Fact]
    public async Task One_address_cannot_take_all_the_places()
    {
        var small = new PublicationServer { MaxPlainConnectionsOfOne = 2 };
        await small.InitializeAsync();
        try
        {
            var held = new List<RawHttp>();
            for (var i = 0; i < 2; i++)
            {
                held.Add(await RawHttp.ConnectPlainAsync(small.Plain));
                await held[i].SendAsync(Ca);
                Assert.Equal(200, (await held[i].ReadAsync()).Status);
            }

            for (var i = 0; i < 20; i++)
            {
                await using var more = await RawHttp.ConnectPlainAsync(small.Plain);
                Assert.True(await more.IsClosedAsync());
            }

            // Another address is served meanwhile, and so is the first one when it has left.
            Assert.True(await IsServedAsync(small.Plain, IPAddress.Parse("127.0.0.2")));
            foreach (var connection in held)
                await connection.DisposeAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (!await IsServedAsync(small.Plain))
                await Task.Delay(20, patience.Token);
        }
        finally
        {
            await small.DisposeAsync();
        }
    }

    private static async Task<bool> IsServedAsync(Uri listener, IPAddress? from = null)
    {
        try
        {
            await using var raw = await RawHttp.ConnectPlainAsync(listener, from);
            await raw.SendAsync(Ca);
            return (await raw.ReadAsync()).Status == 200;
        }
        catch (IOException)
        {
            // Closed: its place is not free yet.
            return false;
        }
    }

    // All that comes until the server closes, or has sent an answer and waits.
    private async Task<string> TellAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Plain.Port);
        var stream = socket.GetStream();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
        }
        catch (IOException)
        {
            // Refused before it was all sent: the answer is there to be read.
        }

        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // Reset behind the answer.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
