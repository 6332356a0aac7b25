using System.Net;
using System.Text;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Interop;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>What devices make of HTTP, letter by letter, and what they get for it.</summary>
public sealed class HttpMannersTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    /// <summary>Octets between the method and the version that a client may count on.</summary>
    private const int LongTarget = 64 * 1024;

    private static readonly string[] Methods = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"];

    private static readonly Comparer<KeyValuePair<string, string>> ByName = Comparer<KeyValuePair<string, string>>.Create(
        (one, other) => string.CompareOrdinal(one.Key, other.Key));

    private ScepWire Wire => server.Wire;

    [Theory]
    [InlineData("")]
    [InlineData("Host: scep.example.com\r\n")]
    [InlineData("Host: localhost:8080\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)\r\n")]
    [Trait("Conformance", "S-T12")]
    public async Task HTTP_1_0_is_answered_with_a_length_and_closed(string headers)
    {
        await using (var get = await ConnectAsync())
        {
            await get.SendAsync($"GET /scep?operation=GetCACaps HTTP/1.0\r\n{headers}\r\n");
            var caps = await get.ReadAsync();
            Assert.Equal(200, caps.Status);
            Assert.Equal("58", caps.Headers["Content-Length"]);
            Assert.EndsWith("Renewal\n", caps.Text, StringComparison.Ordinal);
            Assert.True(await get.IsClosedAsync());
        }

        await using var post = await ConnectAsync();
        var message = await MessageAsync($"CN=http-1-0-{headers.Length}");
        await post.SendAsync($"POST /scep?operation=PKIOperation HTTP/1.0\r\n{headers}Content-Length: {message.Length}\r\n\r\n", message);
        var answer = await post.ReadAsync();
        Assert.False(answer.Headers.ContainsKey("Transfer-Encoding"));
        CertRepReading.Of(answer.Body).Issued(ScepDevice.Shared());
        Assert.True(await post.IsClosedAsync());
    }

    [Fact]
    [Trait("Conformance", "S-T12")]
    public async Task HTTP_1_0_may_keep_its_connection()
    {
        await using var connection = await ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync("GET /scep?operation=GetCACaps HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            var answer = await connection.ReadAsync();
            Assert.Equal("keep-alive", answer.Headers["Connection"]);
            Assert.EndsWith("Renewal\n", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task HTTP_1_1_without_Host_is_400_and_the_documented_bridge_helps()
    {
        // As long as they come: the bridge must let it through.
        var request = $"GET {await LongTargetAsync("CN=no-host")} HTTP/1.1\r\nConnection: close\r\n\r\n";
        await using (var direct = await ConnectAsync())
        {
            await direct.SendAsync(request);
            Assert.Equal(400, (await direct.ReadAsync()).Status);
            Assert.True(await direct.IsClosedAsync());
        }

        if (!ExternalTool.AllPresent(TlsBridge.HaProxy))
            return;
        using var bridge = await TlsBridge.StartAsync(server.Server.Folder, Wire.Server, server.Server.CaFile);
        await using var bridged = await RawHttp.ConnectPlainAsync(new Uri(bridge.Url));
        await bridged.SendAsync(request);
        var answer = await bridged.ReadAsync();
        Assert.Equal(200, answer.Status);
        CertRepReading.Of(answer.Body).Issued(ScepDevice.Shared());
    }

    [Fact]
    [Trait("Conformance", "S-T12")]
    public async Task Expect_100_continue_is_granted_before_the_body()
    {
        await using var connection = await ConnectAsync();
        var message = await MessageAsync("CN=expects");
        await connection.SendAsync(Post($"Expect: 100-continue\r\nContent-Length: {message.Length}"));
        Assert.Equal(100, (await connection.ReadAsync(hasBody: false)).Status);
        await connection.SendAsync("", message);
        var answer = await connection.ReadAsync();
        Assert.True(answer.Headers.ContainsKey("Content-Length"));
        CertRepReading.Of(answer.Body).Issued(ScepDevice.Shared());
    }

    [Fact]
    [Trait("Conformance", "S-T12")]
    [Trait("Conformance", "S-H5")]
    public async Task Who_expects_a_go_ahead_for_too_much_gets_413_instead()
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(Post("Expect: 100-continue\r\nContent-Length: 1048577"));
        var answer = await connection.ReadAsync();
        Assert.Equal(413, answer.Status);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("close", answer.Headers["Connection"]);
    }

    [Theory]
    [InlineData(1, "", "")]
    [InlineData(100, ";ext=\"value\"", "")]
    [InlineData(5000, "", "Checksum: none\r\n")]
    [Trait("Conformance", "S-T12")]
    public async Task A_body_may_come_in_chunks(int size, string extension, string trailer)
    {
        await using var connection = await ConnectAsync();
        using var body = new MemoryStream();
        foreach (var chunk in (await MessageAsync($"CN=chunks-of-{size}")).Chunk(size))
        {
            body.Write(Encoding.ASCII.GetBytes($"{chunk.Length:X}{extension}\r\n"));
            body.Write(chunk);
            body.Write("\r\n"u8);
        }

        body.Write(Encoding.ASCII.GetBytes($"0\r\n{trailer}\r\n"));
        await connection.SendAsync(Post("Transfer-Encoding: chunked"), body.ToArray());
        CertRepReading.Of((await connection.ReadAsync()).Body).Issued(ScepDevice.Shared());

        // The connection is good for the next request.
        await connection.SendAsync("GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked", "nonsense\r\n")]
    [InlineData("Transfer-Encoding: gzip", "")]
    [InlineData("Content-Length: 3\r\nContent-Length: 4", "abcd")]
    [InlineData("Content-Length: -1", "")]
    [InlineData("Content-Length: 99999999999999999999", "")]
    [InlineData("Bad Header", "")]
    [Trait("Conformance", "S-H2")]
    public async Task A_framing_that_makes_no_sense_is_a_4xx_and_the_end(string framing, string body)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(Post(framing), Encoding.ASCII.GetBytes(body));
        Assert.InRange((await connection.ReadAsync()).Status, 400, 431);
        Assert.True(await connection.IsClosedAsync());
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    [Trait("Conformance", "S-T14")]
    public async Task A_request_line_of_64_KiB_enrols(string version)
    {
        var target = await LongTargetAsync($"CN=long-line-{version}");
        Assert.Equal(LongTarget, target.Length);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Wire.Server, target))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await Wire.Http.SendAsync(request);
        CertRepReading.Of(await answer.Content.ReadAsByteArrayAsync()).Issued(ScepDevice.Shared());
    }

    [Fact]
    [Trait("Conformance", "S-T6")]
    [Trait("Conformance", "S-T14")]
    [Trait("Conformance", "S-H5")]
    public async Task A_longer_one_is_414()
    {
        await using var connection = await ConnectAsync();
        var target = await LongTargetAsync("CN=too-long");
        await connection.SendAsync($"GET {target}{new string('=', 1024)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(414, (await connection.ReadAsync()).Status);
        Assert.True(await connection.IsClosedAsync());
    }

    [Fact]
    public async Task Headers_beyond_measure_are_431()
    {
        await using var long_ = await ConnectAsync();
        await long_.SendAsync(
            $"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\nCookie: {new string('a', 100 * 1024)}\r\n\r\n");
        Assert.Equal(431, (await long_.ReadAsync()).Status);

        await using var many = await ConnectAsync();
        await many.SendAsync(
            $"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Repeat("A: b\r\n", 101))}\r\n");
        Assert.Equal(431, (await many.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("/scep?operation=GetCACaps")]
    [InlineData("/scep?operation=GetCACert")]
    [InlineData("/scep?operation=Foo")]
    [InlineData("/health")]
    [InlineData("/ready")]
    [InlineData("/api/v1/version")]
    [InlineData("/api/v1/audit")]
    public async Task HEAD_has_the_status_and_the_headers_of_GET_and_no_content(string target)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var get = await connection.ReadAsync();
        await connection.SendAsync($"HEAD {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var head = await connection.ReadAsync(hasBody: false);
        Assert.Equal(get.Status, head.Status);

        // RFC 9110 §9.3.2: those that come of making the content may be left out.
        string[] varying = ["X-Request-ID", "Date", "Content-Length", "Transfer-Encoding"];
        Assert.Equal(
            get.Headers.Where(header => !varying.Contains(header.Key)).Order(ByName),
            head.Headers.Where(header => !varying.Contains(header.Key)).Order(ByName));

        // Octets behind it would spoil the next answer.
        await connection.SendAsync("GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.EndsWith("Renewal\n", (await connection.ReadAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HEAD_enrols_no_device()
    {
        var device = ScepDevice.Shared();
        var message = Convert.ToBase64String(await MessageAsync("CN=never by HEAD"));
        await using var connection = await ConnectAsync();
        await connection.SendAsync(
            $"HEAD /scep?operation=PKIOperation&message={Uri.EscapeDataString(message)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var answer = await connection.ReadAsync(hasBody: false);
        Assert.Equal((405, "GET, POST"), (answer.Status, answer.Headers["Allow"]));

        // The message was not looked at: it still brings its certificate.
        await connection.SendAsync(
            $"GET /scep?operation=PKIOperation&message={Uri.EscapeDataString(message)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        CertRepReading.Of((await connection.ReadAsync()).Body).Issued(device);
    }

    [Theory]
    [InlineData("https://localhost/scep?operation=GetCACaps", "localhost")]
    [InlineData("https://scep.example.com/scep?operation=GetCACaps", "localhost")]
    [InlineData("https://scep.example.com:8443/scep?operation=GetCACaps", "other.example.net:1")]
    [InlineData("http://scep.example.com/scep?operation=GetCACaps", "localhost")]
    public async Task A_target_in_absolute_form_says_where_it_goes_whatever_Host_says(string target, string host)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("/scep?operation=PKIOperation", "GET, HEAD, POST")]
    [InlineData("/scep?operation=GetCACaps", "GET, HEAD, POST")]
    [InlineData("/scep", "GET, HEAD, POST")]
    [InlineData("/cgi-bin/pkiclient.exe?operation=GetCACert", "GET, HEAD, POST")]
    [Trait("Conformance", "S-H3")]
    public async Task Every_other_method_is_405_and_says_which_are_allowed(string target, string allow)
    {
        await using var connection = await ConnectAsync();
        foreach (var method in Methods)
        {
            await connection.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = await connection.ReadAsync();
            Assert.Equal((method, 405), (method, answer.Status));
            Assert.Equal(allow, answer.Headers["Allow"]);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        }
    }

    [Theory]
    [InlineData("/scep/", 200)]
    [InlineData("/scep//", 200)]
    [InlineData("/scep//pkiclient.exe", 200)]
    [InlineData("/scep/./", 200)]
    [InlineData("/SCEP", 200)]
    [InlineData("/CGI-BIN/PKICLIENT.EXE", 200)]
    [InlineData("/CertSrv/mscep/MSCEP.dll/", 200)]
    [InlineData("/certsrv//mscep/mscep.dll", 200)]
    [InlineData("//scep", 200)]
    [InlineData("///scep///", 200)]
    [InlineData("//scep//unknown", 404)]
    [InlineData("//cgi-bin///pkiclient.exe", 200)]
    [InlineData("//scep-mtls", 404)]
    [InlineData("//api//v1//version", 404)]
    [InlineData("//scepter", 404)]
    [InlineData("/scep/unknown/", 404)]
    [InlineData("/scep:8081/pkiclient.exe", 404)]
    [InlineData("/", 404)]
    [Trait("Conformance", "S-H7")]
    [Trait("Conformance", "S-H4")]
    public async Task Nothing_is_ever_redirected(string path, int status)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync($"GET {path}?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var answer = await connection.ReadAsync();
        Assert.Equal(status, answer.Status);
        Assert.False(answer.Headers.ContainsKey("Location"));
    }

    [Theory]
    [InlineData("/certsrv/mscep/mscep.dll/pkiclient.exe")]
    [InlineData("/certsrv/mscep/mscep.dll")]
    [InlineData("/cgi-bin/pkiclient.exe")]
    [InlineData("/cgi-bin/pkiclient.exe/pkiclient.exe")]
    [Trait("Conformance", "S-T7")]
    public async Task The_paths_that_devices_have_built_in_enrol(string path)
    {
        using var device = new ScepWire(Wire.Server, server.Server.CaFile, path);
        (await device.SendAsync(await MessageAsync($"CN=built-in-{path.Length}"))).Issued(ScepDevice.Shared());
    }

    [Fact]
    [Trait("Conformance", "S-H7")]
    public async Task No_answer_to_a_PKIOperation_is_kept_by_a_cache()
    {
        var message = await MessageAsync("CN=not-for-keeping");
        var get = "?operation=PKIOperation&message=" + Uri.EscapeDataString(Convert.ToBase64String(message));
        foreach (var (method, query, body, status) in new[]
        {
            ("POST", "?operation=PKIOperation", message, HttpStatusCode.OK),
            ("GET", get, [], HttpStatusCode.OK),
            ("GET", "?operation=PKIOperation&message=AAAA", [], HttpStatusCode.BadRequest),
            ("POST", "?operation=PKIOperation", "no message"u8.ToArray(), HttpStatusCode.BadRequest),
            ("POST", "?operation=PKIOperation", new byte[1048577], HttpStatusCode.RequestEntityTooLarge),
            ("PUT", "?operation=PKIOperation", message, HttpStatusCode.MethodNotAllowed),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Wire.Server, "/scep" + query))
            {
                Content = method == "GET" ? null : new ByteArrayContent(body),
            };
            using var answer = await Wire.Http.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        }
    }

    private Task<RawHttp> ConnectAsync() => RawHttp.ConnectAsync(Wire.Server, server.Server.CaFile);

    private static string Post(string headers) => $"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n";

    private async Task<byte[]> MessageAsync(string subject) => (await RequestAsync(subject)).Build();

    private async Task<ForgedRequest> RequestAsync(string subject) =>
        await Wire.RequestAsync(ScepDevice.Shared().Csr(subject, server.Challenge), ScepDevice.Shared());

    // Unsigned attributes prove nothing and may be as long as they like.
    private async Task<string> LongTargetAsync(string subject)
    {
        var request = await RequestAsync(subject);
        request.UnsignedAttributes = ForgedRequest.Attribute("1.2.3.4", ForgedRequest.Octets(new byte[(LongTarget * 3 / 4) - 3000]));
        var target = "/scep?operation=PKIOperation&message=" + Convert.ToBase64String(request.Build()).TrimEnd('=');
        return target + new string('=', LongTarget - target.Length);
    }
}
