using System.Net;
using System.Security.Authentication;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>RFC 8894 §4.1 and §4.3: how the octets travel.</summary>
public sealed class TransportTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-C1")]
    [Trait("Conformance", "S-C2")]
    [Trait("Conformance", "S-C3")]
    [Trait("Conformance", "S-C4")]
    [Trait("Conformance", "S-C6")]
    public async Task GetCACaps_is_the_six_lines_in_their_order()
    {
        using var answer = await Wire.Http.GetAsync(new Uri(Wire.Server, "/scep?operation=GetCACaps"));
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("POSTPKIOperation\nSHA-256\nSHA-512\nAES\nSCEPStandard\nRenewal\n", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/scep")]
    [InlineData("/scep/")]
    [InlineData("/scep/pkiclient.exe")]
    [InlineData("/scep/certsrv/mscep/mscep.dll/pkiclient.exe")]
    [InlineData("/cgi-bin/pkiclient.exe")]
    [InlineData("/cgi-bin/pkiclient.exe/")]
    [InlineData("/cgi-bin/pkiclient.exe/pkiclient.exe")]
    [InlineData("/certsrv/mscep/mscep.dll")]
    [InlineData("/certsrv/mscep/mscep.dll/pkiclient.exe")]
    [Trait("Conformance", "S-T7")]
    public async Task The_path_behind_the_profile_means_nothing(string path) =>
        Assert.StartsWith(
            "POSTPKIOperation",
            await Wire.Http.GetStringAsync(new Uri(Wire.Server, path + "?operation=GetCACaps")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("?operation=GetCACaps&message=SCEP%20Authority")]
    [InlineData("?message=default&operation=GetCACaps")]
    [InlineData("?operation=GetCACaps&message=")]
    [InlineData("?operation=getcacaps")]
    [InlineData("?Operation=GetCACaps")]
    [Trait("Conformance", "S-C9")]
    [Trait("Conformance", "S-T9")]
    public async Task A_CA_identifier_and_the_case_of_the_operation_do_not_matter(string query) =>
        Assert.StartsWith(
            "POSTPKIOperation", await Wire.Http.GetStringAsync(new Uri(Wire.Server, "/scep" + query)), StringComparison.Ordinal);

    [Theory]
    [InlineData("GET", "/scep/unknown?operation=GetCACaps", HttpStatusCode.NotFound)]
    [InlineData("GET", "/elsewhere", HttpStatusCode.NotFound)]
    [InlineData("GET", "/scep?operation=GetNextCACert", HttpStatusCode.NotFound)]
    [InlineData("GET", "/scep?operation=Foo", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/scep", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/scep?operation=PKIOperation", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/scep?operation=PKIOperation&message=", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/scep?operation=PKIOperation&message=%25%25%25", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/scep?operation=PKIOperation&message=AAAA", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/scep?operation=GetCACert", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/scep?operation=Foo", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/scep?operation=PKIOperation", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/scep?operation=PKIOperation", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/scep?operation=PKIOperation", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/scep?operation=PKIOperation&message=AAAA", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/scep?operation=Foo", HttpStatusCode.BadRequest)]
    [InlineData("HEAD", "/scep?operation=GetNextCACert", HttpStatusCode.NotFound)]
    [Trait("Conformance", "S-T6")]
    [Trait("Conformance", "S-H2")]
    [Trait("Conformance", "S-H3")]
    [Trait("Conformance", "S-H4")]
    [Trait("Conformance", "S-N1")]
    public async Task What_is_no_SCEP_request_gets_the_right_status(string method, string target, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Wire.Server, target));
        using var answer = await Wire.Http.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        Assert.DoesNotContain("Foo", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        if (status == HttpStatusCode.MethodNotAllowed)
            Assert.NotEmpty(answer.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("application/x-pki-message", "?operation=PKIOperation")]
    [InlineData("application/octet-stream", "?operation=PKIOperation")]
    [InlineData("application/x-www-form-urlencoded", "?operation=PKIOperation")]
    [InlineData(null, "?operation=PKIOperation")]
    [InlineData(null, "")]
    [InlineData("text/plain; charset=utf-8", "?operation=PKIOperation&message=default")]
    [Trait("Conformance", "S-T1")]
    [Trait("Conformance", "S-T2")]
    [Trait("Conformance", "S-T8")]
    [Trait("Conformance", "S-T10")]
    [Trait("Conformance", "S-H1")]
    public async Task A_POST_is_read_as_it_comes(string? contentType, string query)
    {
        using var answer = await Wire.PostAsync(
            await MessageAsync($"CN=post-{contentType}-{query.Length}".Replace('/', '-').Replace(';', '-')
                .Replace('=', '-').Replace("CN-", "CN=", StringComparison.Ordinal)), contentType, query);
        Assert.Equal("application/x-pki-message", answer.Content.Headers.ContentType?.ToString());
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(0x30, body[0]);
        CertRepReading.Of(body).Issued(ScepDevice.Shared());
    }

    [Theory]
    [InlineData("percent-encoded")]
    [InlineData("raw plus and slash")]
    [InlineData("plus as space")]
    [InlineData("line breaks")]
    [InlineData("CRLF")]
    [InlineData("no padding")]
    [InlineData("URL-safe")]
    [InlineData("encoded twice")]
    [Trait("Conformance", "S-T3")]
    [Trait("Conformance", "S-T4")]
    [Trait("Conformance", "S-T5")]
    public async Task A_GET_is_read_in_every_base64_that_clients_write(string habit)
    {
        var base64 = Convert.ToBase64String(await MessageAsync($"CN=get {habit}"));
        var lines = base64.Chunk(64).Select(chunk => new string(chunk)).ToArray();
        var text = habit switch
        {
            "percent-encoded" => Uri.EscapeDataString(base64),
            "raw plus and slash" => base64.Replace("=", "%3D", StringComparison.Ordinal),
            "plus as space" => base64.Replace("+", "%20", StringComparison.Ordinal),
            "line breaks" => Uri.EscapeDataString(string.Join('\n', lines) + "\n"),
            "CRLF" => Uri.EscapeDataString(string.Join("\r\n", lines)),
            "no padding" => Uri.EscapeDataString(base64.TrimEnd('=')),
            "URL-safe" => base64.Replace('+', '-').Replace('/', '_'),
            _ => Uri.EscapeDataString(Uri.EscapeDataString(base64)),
        };
        var body = await Wire.Http.GetByteArrayAsync($"{Wire.Server}scep?operation=PKIOperation&message={text}");
        CertRepReading.Of(body).Issued(ScepDevice.Shared());
    }

    [Fact]
    [Trait("Conformance", "S-T14")]
    public async Task A_message_of_12_kilobytes_fits_into_a_GET()
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(
            device.Csr(
                "CN=long get",
                server.Challenge,
                [.. Enumerable.Range(0, 90).Select(i => $"a-rather-long-host-name-number-{i}.devices.example.com")]),
            device);
        var base64 = Convert.ToBase64String(request.Build());
        Assert.True(base64.Length > 9000);
        var body = await Wire.Http.GetByteArrayAsync($"{Wire.Server}scep?operation=PKIOperation&message={Uri.EscapeDataString(base64)}");
        CertRepReading.Of(body).Issued(device);
    }

    [Fact]
    [Trait("Conformance", "S-H5")]
    [Trait("Conformance", "S-T13")]
    public async Task A_body_over_the_limit_is_413_announced_or_not()
    {
        using var announced = await Wire.PostAsync(new byte[1048577]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, announced.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Wire.Server, "/scep?operation=PKIOperation"))
        {
            Content = new StreamContent(new MemoryStream(new byte[1100000])),
        };
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await Wire.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
    }

    [Fact]
    public async Task TLS_1_2_gets_no_connection() =>
        await Assert.ThrowsAnyAsync<Exception>(() => RawHttp.ConnectAsync(Wire.Server, server.Server.CaFile, SslProtocols.Tls12));

    [Fact]
    [Trait("Conformance", "S-H7")]
    [Trait("Conformance", "A-17")]
    public async Task Every_answer_carries_the_headers_of_a_careful_server()
    {
        foreach (var target in new[] { "/scep?operation=GetCACaps", "/scep?operation=Foo", "/health", "/nowhere" })
        {
            using var answer = await Wire.Http.GetAsync(new Uri(Wire.Server, target));
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.True(Guid.TryParse(answer.Headers.GetValues("X-Request-ID").Single(), out _));
            Assert.Contains("max-age", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Server"));
        }

        using var pki = await Wire.PostAsync(await MessageAsync("CN=headers"));
        Assert.True(pki.Headers.CacheControl?.NoStore);
    }

    [Fact]
    [Trait("Conformance", "A-12")]
    public async Task Health_and_readiness_answer_in_the_upstream_shapes()
    {
        Assert.Equal("""{"status":"healthy"}""", await Wire.Http.GetStringAsync(new Uri(Wire.Server, "/health")));
        Assert.Equal("""{"status":"ready","db":"reachable"}""", await Wire.ReadyAsync());
    }

    private async Task<byte[]> MessageAsync(string subject)
    {
        var device = ScepDevice.Shared();
        return (await Wire.RequestAsync(device.Csr(subject, server.Challenge), device)).Build();
    }
}
