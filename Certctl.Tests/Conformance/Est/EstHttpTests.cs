using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>What clients of EST make of HTTP, letter by letter, and what they get for it.</summary>
[Collection(nameof(EstKeyCollection))]
public sealed class EstHttpTests(ServerKeyServer server)
{
    private const string Enroll = "/.well-known/est/keys/simpleenroll";

    private static readonly string Basic =
        "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($":{ServerKeyServer.Password}")) + "\r\n";

    [Theory]
    [InlineData("")]
    [InlineData("Host: est.example.com\r\n")]
    [Trait("Conformance", "E-B4")]
    public async Task HTTP_1_0_is_answered_with_a_length_and_closed(string host)
    {
        await using (var get = await ConnectAsync())
        {
            await get.SendAsync($"GET /.well-known/est/keys/cacerts HTTP/1.0\r\n{host}\r\n");
            await IssuedAndClosedAsync(get);
        }

        await using var post = await ConnectAsync();
        var body = Body($"CN=http-1-0-{host.Length}");
        await post.SendAsync(
            $"POST {Enroll} HTTP/1.0\r\n{host}{Basic}Content-Type: application/pkcs10\r\nContent-Length: {body.Length}\r\n\r\n", body);
        await IssuedAndClosedAsync(post);
    }

    [Fact]
    [Trait("Conformance", "E-H10")]
    public async Task Expect_100_continue_is_granted_to_who_may_enrol_and_to_no_other()
    {
        var body = Body("CN=expects");
        await using var connection = await ConnectAsync();
        await connection.SendAsync(Post(Basic + $"Expect: 100-continue\r\nContent-Length: {body.Length}\r\n"));
        Assert.Equal(100, (await connection.ReadAsync(hasBody: false)).Status);
        await connection.SendAsync("", body);
        Assert.Equal(200, (await connection.ReadAsync()).Status);

        foreach (var (headers, length, status) in new[] { ("", body.Length, 401), (Basic, (1024 * 1024) + 1, 413) })
        {
            await using var refused = await ConnectAsync();
            await refused.SendAsync(Post($"{headers}Expect: 100-continue\r\nContent-Length: {length}\r\n"));
            var answer = await refused.ReadAsync();
            Assert.Equal(status, answer.Status);
            Assert.EndsWith(".\n", answer.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1, "", "")]
    [InlineData(64, ";ext=\"value\"", "Checksum: none\r\n")]
    public async Task A_body_may_come_in_chunks(int size, string extension, string trailer)
    {
        using var chunks = new MemoryStream();
        foreach (var chunk in Body($"CN=chunks-of-{size}").Chunk(size))
        {
            chunks.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x}{extension}\r\n"));
            chunks.Write(chunk);
            chunks.Write("\r\n"u8);
        }

        chunks.Write(Encoding.ASCII.GetBytes($"0\r\n{trailer}\r\n"));
        await using var connection = await ConnectAsync();
        await connection.SendAsync(Post(Basic + "Transfer-Encoding: chunked\r\n"), chunks.ToArray());
        var answer = await connection.ReadAsync();
        Assert.Equal(200, answer.Status);
        Assert.Equal($"{answer.Body.Length}", answer.Headers["Content-Length"]);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n", "zz\r\nMII\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\nMII\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3\r\nMII0\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n", "3\r\nMII\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip\r\n", "MII")]
    [InlineData("Content-Length: 3\r\nContent-Length: 4\r\n", "MIIA")]
    [InlineData("Content-Length: -1\r\n", "MII")]
    [InlineData("Content-Length: 99999999999999999999\r\n", "MII")]
    [InlineData("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "3\r\nMII\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 3\r\nContent-Encoding: gzip\r\n", "MII")]
    [InlineData("Content-Length: 3\r\nExpect: 200-maybe\r\n", "MII")]
    [InlineData("Content-Length: 3\r\nContent-Type: application/pkcs10\r\n", "MII")]
    [InlineData("Content-Length: 3\r\nAuthorization: Basic Og==\r\n", "MII")]
    [InlineData("", "")]
    [Trait("Conformance", "E-E14")]
    [Trait("Conformance", "Z-1")]
    public async Task Framing_that_is_wrong_is_the_clients_mistake(string headers, string body)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(Post(Basic + headers), Encoding.ASCII.GetBytes(body));
        var answer = await connection.ReadAsync();
        while (answer.Status == 100)
            answer = await connection.ReadAsync();
        Assert.InRange(answer.Status, 400, 499);
        Assert.DoesNotContain("Exception", server.Host.Log, StringComparison.Ordinal);
    }

    private static async Task IssuedAndClosedAsync(RawHttp connection)
    {
        var answer = await connection.ReadAsync();
        Assert.Equal((200, $"{answer.Body.Length}"), (answer.Status, answer.Headers["Content-Length"]));
        Assert.False(answer.Headers.ContainsKey("Transfer-Encoding"));
        Assert.Equal("application/pkcs7-mime; smime-type=certs-only", answer.Headers["Content-Type"]);
        Assert.True(await connection.IsClosedAsync());
    }

    private static string Post(string headers) =>
        $"POST {Enroll} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\n{headers}\r\n";

    private static byte[] Body(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Encoding.ASCII.GetBytes(
            Convert.ToBase64String(new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest()));
    }

    private Task<RawHttp> ConnectAsync() => RawHttp.ConnectAsync(server.Host.Url, server.Host.CaFile);
}
