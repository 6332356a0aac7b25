using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Certctl.Application.Publication.Ocsp;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>How OCSP requests and answers travel (RFC 6960 §A, RFC 9919 §5 and §6.2), whatever the answers say.</summary>
public sealed class OcspHttpTests(PublicationServer server) : IClassFixture<PublicationServer>
{
    private const string Path = "/.well-known/pki/ocsp/iss-local";
    private const string Malformed = "30030A0101";
    private const string TryLater = "30030A0103";

    // SEQUENCE { SEQUENCE { OCTET STRING } }: base64 with every special character, pairs of slashes, and padding.
    private static readonly byte[] Special =
        [0x30, 0x11, 0x30, 0x0F, 0x04, 0x0D, 0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFB, 0xEF, 0xFF, 0x3E, 0x3F, 0x01];

    private static readonly string Base64 = Convert.ToBase64String(Special);

    public static TheoryData<string> Habits => new(
        "/" + Uri.EscapeDataString(Base64),
        "/" + Base64,
        "//" + Base64,
        "///" + Base64,
        "/%2F" + Uri.EscapeDataString(Base64),
        "/" + Base64.TrimEnd('='),
        "/" + Base64.Replace('+', '-').Replace('/', '_'),
        "/" + Base64.Replace('+', '-').Replace('/', '_').TrimEnd('='),
        "/" + Base64.Replace("+", "%2B", StringComparison.Ordinal),
        "/" + Base64.Replace("+", "%2b", StringComparison.Ordinal).Replace("/", "%2f", StringComparison.Ordinal),
        "/" + Base64.Replace("+", "%20", StringComparison.Ordinal),
        "/" + Base64[..20] + "%0A" + Base64[20..] + "%0D%0A",
        "/" + Uri.EscapeDataString(Uri.EscapeDataString(Base64)),
        "/" + Base64 + "/",
        "/" + Base64 + "?query=1");

    [Theory]
    [MemberData(nameof(Habits))]
    [Trait("Conformance", "O-2")]
    public async Task A_request_in_the_path_is_read_as_clients_write_it(string path)
    {
        Assert.Contains("//", Base64, StringComparison.Ordinal);
        Assert.Contains('+', Base64);
        Assert.EndsWith("==", Base64, StringComparison.Ordinal);
        foreach (var (listener, prefix) in server.Listeners.SelectMany(
            listener => new[] { "", $"http://localhost:{listener.Port}" }.Select(prefix => (listener, prefix))))
        {
            server.Asked.Clear();
            await using var raw = await RawHttp.ConnectPlainAsync(listener);
            await raw.SendAsync($"GET {prefix}{Path}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = await raw.ReadAsync();
            Assert.Equal((200, "application/ocsp-response"), (answer.Status, answer.Headers["Content-Type"]));
            Assert.Equal(Special, Assert.IsType<byte[]>(Assert.Single(server.Asked)));
        }
    }

    [Fact]
    [Trait("Conformance", "O-1")]
    [Trait("Conformance", "O-2")]
    public async Task The_request_of_openssl_arrives_by_POST_and_by_GET()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["ca"], PemEncoding.WriteString("CERTIFICATE", server.Ca.Chain[0].Span));
        OpenSsl.Run("ocsp", "-issuer", folder["ca"], "-serial", "0x0123456789abcdef", "-no_nonce", "-reqout", folder["request"]);
        var request = await File.ReadAllBytesAsync(folder["request"]);
        foreach (var listener in server.Listeners)
        {
            server.Asked.Clear();
            foreach (var type in new[] { "application/ocsp-request", "Application/OCSP-Request; charset=x", null })
            {
                using var content = new ByteArrayContent(request);
                content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
                using var answer = await PublicationServer.Client.PostAsync(new Uri(listener, Path), content);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal("application/ocsp-response", answer.Content.Headers.ContentType?.ToString());
                Assert.Equal(server.Reply.Der, await answer.Content.ReadAsByteArrayAsync());
            }

            using (await server.SendAsync(HttpMethod.Get, listener, $"{Path}/{Uri.EscapeDataString(Convert.ToBase64String(request))}"))
                Assert.All(server.Asked, asked => Assert.Equal(request, asked));
            Assert.Equal(4, server.Asked.Count);
        }
    }

    [Theory]
    [InlineData("0a", "000000000000000000000000000000000000000a")]
    [InlineData("A", "000000000000000000000000000000000000000a")]
    [InlineData("0x0A", "000000000000000000000000000000000000000a")]
    [InlineData("0X0a/", "000000000000000000000000000000000000000a")]
    [InlineData("01:23:Ab", "00000000000000000000000000000000000123ab")]
    [InlineData("01%3A23%3aAb", "00000000000000000000000000000000000123ab")]
    [InlineData("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "7fffffffffffffffffffffffffffffffffffffff")]
    public async Task A_serial_number_in_hex_digits_is_the_upstream_form(string text, string serialNumber)
    {
        foreach (var listener in server.Listeners)
        {
            server.Asked.Clear();
            using var answer = await server.SendAsync(HttpMethod.Get, listener, $"{Path}/{text}");
            Assert.Equal("application/ocsp-response", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal(serialNumber, Assert.Single(server.Asked));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/0x")]
    [InlineData("/:")]
    [InlineData("/07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("/MIIB%zz")]
    [InlineData("/M")]
    [InlineData("/MIIB!!!!")]
    [InlineData("/%25%25%25")]
    [InlineData("/%C3%A4")]
    [Trait("Conformance", "O-3")]
    public async Task What_is_no_base64_is_malformedRequest_with_status_200(string path)
    {
        foreach (var listener in server.Listeners)
        {
            server.Asked.Clear();
            await using var raw = await RawHttp.ConnectPlainAsync(listener);
            await raw.SendAsync($"GET {Path}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = await raw.ReadAsync();

            // Forty-one digits are base64 of something, and that is for the responder to refuse.
            if (server.Asked.IsEmpty)
                Assert.Equal(Malformed, Convert.ToHexString(answer.Body));
            Assert.Equal((200, "application/ocsp-response"), (answer.Status, answer.Headers["Content-Type"]));
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        }
    }

    [Fact]
    [Trait("Conformance", "O-3")]
    public async Task What_is_posted_is_capped_and_of_one_type()
    {
        foreach (var listener in server.Listeners)
        {
            Assert.Equal((200, Malformed), await PostAsync(listener, [], "application/ocsp-request"));
            Assert.Equal((200, Convert.ToHexString(server.Reply.Der)), await PostAsync(listener, new byte[64 * 1024], null));
            Assert.Equal(413, (await PostAsync(listener, new byte[(64 * 1024) + 1], "application/ocsp-request")).Status);
            string[] others =
                ["application/json", "text/ocsp-request", "application/ocsp-response", "application/x-www-form-urlencoded", "ocsp-request"];
            foreach (var other in others)
                Assert.Equal(415, (await PostAsync(listener, Special, other)).Status);
        }

        static async Task<(int Status, string Body)> PostAsync(Uri listener, byte[] body, string? type)
        {
            await using var raw = await RawHttp.ConnectPlainAsync(listener);
            var typed = type is null ? "" : $"Content-Type: {type}\r\n";
            await raw.SendAsync($"POST {Path} HTTP/1.1\r\nHost: localhost\r\n{typed}Content-Length: {body.Length}\r\n\r\n", body);
            var answer = await raw.ReadAsync();
            return (answer.Status, Convert.ToHexString(answer.Body));
        }
    }

    [Theory]
    [InlineData(3600, 300)]
    [InlineData(301, 300)]
    [InlineData(120, 120)]
    [InlineData(0, 0)]
    [InlineData(-5, 0)]
    [Trait("Conformance", "O-26")]
    public async Task An_authoritative_answer_may_be_kept_and_no_longer_than_nextUpdate(int left, int maxAge)
    {
        var now = server.Clock.GetUtcNow();
        var validity = new OcspValidity(now.AddMinutes(-10), now.AddSeconds(left));
        server.Reply = new OcspReply([0x30, 0x06, 0x0A, 0x01, 0x00, 0x04, 0x01, (byte)left], validity);
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(server.Reply.Der))}\"";
        foreach (var listener in server.Listeners)
        {
            using var get = await server.SendAsync(HttpMethod.Get, listener, Path + "/0a");
            using var head = await server.SendAsync(HttpMethod.Head, listener, Path + "/0a");
            using var post = await PublicationServer.Client.PostAsync(new Uri(listener, Path), new ByteArrayContent(Special));
            foreach (var answer in new[] { get, head, post })
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(tag, answer.Headers.ETag!.ToString());
                Assert.Equal(validity.ThisUpdate, answer.Content.Headers.LastModified);
                Assert.Equal(validity.NextUpdate, answer.Content.Headers.Expires);
                Assert.Equal(server.Reply.Der.Length, answer.Content.Headers.ContentLength);
                Assert.Equal(
                    $"max-age={maxAge}, public, no-transform, must-revalidate",
                    Assert.Single(answer.Headers.NonValidated["Cache-Control"]));
            }

            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
            using var again = await server.SendAsync(HttpMethod.Get, listener, Path + "/0a", ("If-None-Match", tag));
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Equal(tag, again.Headers.ETag!.ToString());
            Assert.Equal(TimeSpan.FromSeconds(maxAge), again.Headers.CacheControl!.MaxAge);
            Assert.Empty(await again.Content.ReadAsByteArrayAsync());

            using var asked = new HttpRequestMessage(HttpMethod.Post, new Uri(listener, Path)) { Content = new ByteArrayContent(Special) };
            asked.Headers.IfNoneMatch.ParseAdd(tag);
            using var posted = await PublicationServer.Client.SendAsync(asked);
            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        }
    }

    [Fact]
    [Trait("Conformance", "O-27")]
    public async Task Only_what_is_for_one_client_alone_forbids_caches()
    {
        var now = server.Clock.GetUtcNow();
        (OcspReply Reply, bool IsKept)[] cases =
        [
            (new OcspReply([0x30, 0x03, 0x0A, 0x01, 0x06], null), false),
            (new OcspReply([0x30, 0x06, 0x0A, 0x01, 0x00, 0x04, 0x01, 0x01], null), false),
            (new OcspReply([0x30, 0x06, 0x0A, 0x01, 0x00, 0x04, 0x01, 0x01], new OcspValidity(now, now.AddHours(1))), true),
        ];
        foreach (var (reply, isKept) in cases)
        {
            server.Reply = reply;
            using var get = await server.SendAsync(HttpMethod.Get, server.Plain, Path + "/0a", ("If-None-Match", "*"));
            using var post = await PublicationServer.Client.PostAsync(new Uri(server.Plain, Path), new ByteArrayContent(Special));
            Assert.Equal(isKept ? HttpStatusCode.NotModified : HttpStatusCode.OK, get.StatusCode);
            foreach (var answer in new[] { get, post })
            {
                Assert.Equal(!isKept, answer.Headers.CacheControl!.NoStore);
                Assert.Equal(isKept, answer.Headers.ETag is not null);
                Assert.False(answer.Headers.CacheControl.NoCache);
                Assert.Empty(answer.Headers.Pragma);
            }
        }
    }

    [Fact]
    public async Task More_requests_of_one_address_than_are_allowed_are_told_to_come_later()
    {
        var limited = new PublicationServer { OcspPerMinute = 3 };
        await limited.InitializeAsync();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                using var passed = await limited.SendAsync(HttpMethod.Get, i % 2 == 0 ? limited.Plain : limited.Main, Path + "/0a");
                Assert.Equal(limited.Reply.Der, await passed.Content.ReadAsByteArrayAsync());
            }

            foreach (var listener in limited.Listeners)
            {
                using var refused = await limited.SendAsync(HttpMethod.Get, listener, Path + "/0a");
                Assert.Equal(HttpStatusCode.OK, refused.StatusCode);
                Assert.Equal("application/ocsp-response", refused.Content.Headers.ContentType?.ToString());
                Assert.Equal(TryLater, Convert.ToHexString(await refused.Content.ReadAsByteArrayAsync()));
                Assert.Equal(TimeSpan.FromSeconds(20), refused.Headers.RetryAfter!.Delta);
                Assert.True(refused.Headers.CacheControl!.NoStore);
            }

            Assert.Equal(3, limited.Asked.Count);
            Assert.Equal([limited.Ca, limited.Ca], limited.Limited);

            // CRLs are not counted: they cost no signature.
            using var ca = await limited.SendAsync(HttpMethod.Get, limited.Plain, "/.well-known/pki/ca/iss-local");
            Assert.Equal(HttpStatusCode.OK, ca.StatusCode);
        }
        finally
        {
            await limited.DisposeAsync();
        }
    }
}
