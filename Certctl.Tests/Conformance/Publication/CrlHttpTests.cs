using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Certctl.Api.Publication;
using Certctl.Application.Publication;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>CRLs and CA certificates over HTTP (RFC 2585, RFC 9110, RFC 9111), on both listeners.</summary>
public sealed class CrlHttpTests(PublicationServer server) : IClassFixture<PublicationServer>
{
    private const int Length = 64 * 1024 * 1024;
    private const string Path = "/.well-known/pki/crl/iss-local";

    public static TheoryData<string> Names => new(
        "/crl/iss-local", "/crl/iss-local.crl", "/crl/iss-local-0123456789abcdef", "/crl/iss-local-0123456789abcdef.crl",
        "/crl/iss%2Dlocal.CRL", "//crl//iss-local");

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Conformance", "H-1")]
    public async Task A_CRL_is_its_DER_under_each_of_its_names(string path)
    {
        var crl = server.Crl = server.NewCrl();
        foreach (var listener in server.Listeners)
        {
            using var answer = await server.SendAsync(HttpMethod.Get, listener, "/.well-known/pki" + path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("application/pkix-crl", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal(crl.Der, await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal(crl.Der.Length, answer.Content.Headers.ContentLength);
        }

        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["crl"], crl.Der);
        var text = OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-noout", "-text");
        Assert.Contains("Serial Number: ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5000)]
    [Trait("Conformance", "H-1")]
    public async Task As_PEM_it_is_what_openssl_would_write(int entries)
    {
        var crl = server.Crl = server.NewCrl(entries: entries);
        using var answer = await server.SendAsync(HttpMethod.Get, server.Plain, Path + ".pem");
        var text = await answer.Content.ReadAsByteArrayAsync();

        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["der"], crl.Der);
        OpenSsl.Run("crl", "-inform", "DER", "-in", folder["der"], "-out", folder["pem"]);
        Assert.Equal(await File.ReadAllTextAsync(folder["pem"]), Encoding.ASCII.GetString(text));
        Assert.Equal("application/x-pem-file", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(text.Length, answer.Content.Headers.ContentLength);
    }

    [Fact]
    [Trait("Conformance", "H-2")]
    public async Task The_CA_s_certificate_is_DER_its_chain_is_PEM_or_a_certs_only_message()
    {
        var chain = server.Ca.Chain;
        foreach (var listener in server.Listeners)
        {
            foreach (var name in new[] { "iss-local", "iss-local.cer", "iss-local-0123456789abcdef.cer" })
            {
                using var der = await server.SendAsync(HttpMethod.Get, listener, "/.well-known/pki/ca/" + name);
                Assert.Equal("application/pkix-cert", der.Content.Headers.ContentType?.ToString());
                Assert.Equal(chain[0].ToArray(), await der.Content.ReadAsByteArrayAsync());
            }

            using var pem = await server.SendAsync(HttpMethod.Get, listener, "/.well-known/pki/ca/iss-local.pem");
            Assert.Equal("application/pem-certificate-chain", pem.Content.Headers.ContentType?.ToString());
            Assert.Equal(
                string.Concat(chain.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate.Span) + "\n")),
                await pem.Content.ReadAsStringAsync());

            using var bag = await server.SendAsync(HttpMethod.Get, listener, "/.well-known/pki/ca/iss-local.p7c");
            Assert.Equal("application/pkcs7-mime", bag.Content.Headers.ContentType?.ToString());
            using var folder = new TemporaryFolder();
            await File.WriteAllBytesAsync(folder["p7c"], await bag.Content.ReadAsByteArrayAsync());
            var read = OpenSsl.Run("pkcs7", "-inform", "DER", "-in", folder["p7c"], "-print_certs", "-noout");
            Assert.Equal(2, read.Split("subject=").Length - 1);
        }

        using var next = await server.SendAsync(HttpMethod.Get, server.Plain, "/.well-known/pki/ca/iss-local-fedcba9876543210");
        Assert.Equal(server.Next.Chain[0].ToArray(), await next.Content.ReadAsByteArrayAsync());
        var age = next.Headers.CacheControl!.MaxAge;
        Assert.Equal(TimeSpan.FromDays(1), age);
    }

    [Fact]
    [Trait("Conformance", "H-3")]
    public async Task What_the_client_has_already_is_304_and_If_None_Match_decides_alone()
    {
        var crl = server.Crl = server.NewCrl();
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(crl.Der))}\"";
        var since = crl.ThisUpdate.ToString("R", CultureInfo.InvariantCulture);
        var before = crl.ThisUpdate.AddSeconds(-1).ToString("R", CultureInfo.InvariantCulture);
        const string Match = "If-None-Match";
        const string Since = "If-Modified-Since";

        using (var whole = await server.SendAsync(HttpMethod.Get, server.Plain, Path))
        {
            Assert.Equal((tag, false), (whole.Headers.ETag!.Tag, whole.Headers.ETag.IsWeak));
            Assert.Equal(crl.ThisUpdate, whole.Content.Headers.LastModified);
        }

        (bool IsHeld, (string, string)[] Headers)[] cases =
        [
            (true, [(Match, tag)]),
            (true, [(Match, "W/" + tag)]),
            (true, [(Match, $"\"other\", {tag}")]),
            (true, [(Match, "*")]),
            (false, [(Match, "\"other\"")]),
            (false, [(Match, "W/\"other\",\"and another\"")]),
            (false, [(Match, tag.Trim('"'))]),
            (true, [(Since, since)]),
            (false, [(Since, before)]),
            (false, [(Since, crl.ThisUpdate.AddSeconds(1).ToString("R", CultureInfo.InvariantCulture))]),
            (false, [(Since, "yesterday")]),
            (false, [(Match, "\"other\""), (Since, since)]),
            (false, [(Match, "not a tag"), (Since, since)]),
            (true, [(Match, tag), (Since, before)]),
        ];
        foreach (var (isHeld, headers) in cases)
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
            {
                using var answer = await server.SendAsync(method, server.Plain, Path, headers);
                Assert.True(
                    answer.StatusCode == (isHeld ? HttpStatusCode.NotModified : HttpStatusCode.OK),
                    $"{method} {string.Join(", ", headers)}: {answer.StatusCode}");
                Assert.Equal(tag, answer.Headers.ETag!.Tag);
                Assert.Equal(
                    "max-age=300, public, no-transform, must-revalidate",
                    Assert.Single(answer.Headers.NonValidated["Cache-Control"]));
                Assert.Equal(server.Clock.GetUtcNow().AddMinutes(5), answer.Content.Headers.Expires);
                if (isHeld)
                    Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
            }
        }

        // RFC 9112 §6.3: after 304 nothing follows; a body would be taken for the next answer.
        await using var raw = await RawHttp.ConnectPlainAsync(server.Plain);
        await raw.SendAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(304, (await raw.ReadAsync(hasBody: false)).Status);
        Assert.Equal(404, (await raw.ReadAsync()).Status);
    }

    [Theory]
    [InlineData(86400, 0, 300)]
    [InlineData(86400, 86400 - 301, 300)]
    [InlineData(86400, 86400 - 299, 299)]
    [InlineData(86400, 86399, 1)]
    [InlineData(86400, 86400, 0)]
    [InlineData(86400, 90000, 0)]
    [InlineData(600, 0, 300)]
    [Trait("Conformance", "H-4")]
    public async Task No_cache_keeps_it_beyond_nextUpdate(int lifeSeconds, int later, int maxAge)
    {
        var crl = server.Crl = server.NewCrl(life: TimeSpan.FromSeconds(lifeSeconds));
        server.Clock.Advance(TimeSpan.FromSeconds(later));

        using var answer = await server.SendAsync(HttpMethod.Get, server.Plain, Path);

        Assert.Equal(TimeSpan.FromSeconds(maxAge), answer.Headers.CacheControl!.MaxAge);
        Assert.True(answer.Headers.CacheControl.Public);
        Assert.True(answer.Content.Headers.Expires <= crl.NextUpdate);
        Assert.Equal(
            maxAge == 0 ? crl.NextUpdate : server.Clock.GetUtcNow().AddSeconds(maxAge), answer.Content.Headers.Expires);
    }

    [Theory]
    [InlineData("/crl/iss-local")]
    [InlineData("/crl/iss-local.pem")]
    [InlineData("/ca/iss-local.cer")]
    [InlineData("/ca/iss-local.p7c")]
    [Trait("Conformance", "H-5")]
    public async Task HEAD_has_the_headers_of_GET_and_no_body(string path)
    {
        server.Crl = server.NewCrl();
        foreach (var listener in server.Listeners)
        {
            await using var raw = await RawHttp.ConnectPlainAsync(listener);
            await raw.SendAsync($"GET /.well-known/pki{path} HTTP/1.1\r\nHost: x\r\n\r\n");
            var get = await raw.ReadAsync();
            await raw.SendAsync($"HEAD /.well-known/pki{path} HTTP/1.1\r\nHost: x\r\n\r\n");
            var head = await raw.ReadAsync(hasBody: false);

            // Nothing between this answer and the next.
            await raw.SendAsync($"HEAD /.well-known/pki{path} HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.Equal(200, (await raw.ReadAsync(hasBody: false)).Status);

            static Dictionary<string, string> Same(RawAnswer answer) => answer.Headers
                .Where(header => header.Key is not ("Date" or "X-Request-ID")).ToDictionary(StringComparer.Ordinal);
            Assert.Equal(Same(get), Same(head));
            Assert.Equal(get.Body.Length.ToString(CultureInfo.InvariantCulture), head.Headers["Content-Length"]);
        }
    }

    [Theory]
    [InlineData("GET", "/crl/iss-other", 404)]
    [InlineData("GET", "/crl/iss-local-0000000000000000", 404)]
    [InlineData("GET", "/crl/iss-local-0123456789abcde", 404)]
    [InlineData("GET", "/crl/iss-local-fedcba9876543210", 404)]
    [InlineData("GET", "/crl/iss-local.p7c", 404)]
    [InlineData("GET", "/crl/iss-local/more", 404)]
    [InlineData("GET", "/crl/", 404)]
    [InlineData("GET", "/crl", 404)]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/ca/iss-other", 404)]
    [InlineData("GET", "/ca/iss-local.crl", 404)]
    [InlineData("GET", "/ocsp/iss-other", 404)]
    [InlineData("POST", "/ocsp/iss-other", 404)]
    [InlineData("GET", "/keys/iss-local", 404)]
    [InlineData("POST", "/crl/iss-local", 405)]
    [InlineData("DELETE", "/ca/iss-local", 405)]
    [InlineData("PUT", "/ocsp/iss-local", 405)]
    [InlineData("POST", "/ocsp/iss-local/MAA=", 405)]
    [Trait("Conformance", "H-6")]
    public async Task What_is_not_published_is_a_404_and_other_methods_a_405_in_plain_text(string method, string path, int status)
    {
        server.Crl = server.NewCrl();
        foreach (var listener in server.Listeners)
        {
            using var answer = await server.SendAsync(new HttpMethod(method), listener, "/.well-known/pki" + path);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("text/plain", answer.Content.Headers.ContentType?.ToString());
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.Equal(status == 405, answer.Content.Headers.Allow.Contains("HEAD"));
        }
    }

    [Fact]
    [Trait("Conformance", "H-6")]
    public async Task A_CRL_that_is_not_made_yet_is_a_503_that_says_when_to_come_again()
    {
        server.Crl = null;
        using var answer = await server.SendAsync(HttpMethod.Get, server.Plain, Path);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter!.Delta);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    [Trait("Conformance", "H-6")]
    public async Task A_client_that_comes_before_the_first_CRL_gets_it()
    {
        var early = new PublicationServer();
        var first = new TaskCompletionSource<PublishedCrl?>();
        early.FirstCrl = () => first.Task;
        await early.InitializeAsync();
        try
        {
            var asked = early.SendAsync(HttpMethod.Get, early.Plain, Path);
            var crl = early.NewCrl();
            first.SetResult(crl);
            using var answer = await asked;
            Assert.Equal(crl.Der, await answer.Content.ReadAsByteArrayAsync());
        }
        finally
        {
            await early.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(OutdatedFiles.DefaultRoom, true)]
    [InlineData(Length - 1, false)]
    public async Task A_slow_client_may_finish_a_CRL_that_was_replaced_while_there_is_room_for_it(long room, bool isWhole)
    {
        var slow = new PublicationServer { OutdatedRoom = room };
        await slow.InitializeAsync();
        try
        {
            slow.Crl = slow.NewCrl() with { Der = new byte[Length] };
            await using var raw = await RawHttp.ConnectPlainAsync(slow.Plain, receiveBuffer: 64 * 1024);
            await raw.SendAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            Assert.Equal(200, (await raw.ReadAsync(hasBody: false)).Status);
            slow.Crl = slow.NewCrl(2);

            // Two minutes and more, at a rate that is fast enough whatever lies in the buffers between.
            var length = 0L;
            for (var second = 0; second < 150; second += 10)
            {
                slow.Clock.Advance(TimeSpan.FromSeconds(10));
                length += await DrainAsync(raw, 3 * 1024 * 1024);
            }

            length += await DrainAsync(raw, Length);
            Assert.Equal(isWhole, length == Length);
        }
        finally
        {
            await slow.DisposeAsync();
        }

        static async Task<long> DrainAsync(RawHttp raw, long max)
        {
            try
            {
                return await raw.DrainAsync(max);
            }
            catch (IOException)
            {
                // An aborted connection ends with a reset.
                return 0;
            }
        }
    }

    [Fact]
    [Trait("Conformance", "H-8")]
    [Trait("Conformance", "H-9")]
    [Trait("Conformance", "H-11")]
    public async Task Ranges_and_encodings_are_not_negotiated()
    {
        var crl = server.Crl = server.NewCrl(entries: 1000);
        foreach (var listener in server.Listeners)
        {
            using var answer = await server.SendAsync(
                HttpMethod.Get, listener, Path, ("Range", "bytes=0-9"), ("Accept-Encoding", "gzip, br"), ("Accept", "text/html"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(crl.Der, await answer.Content.ReadAsByteArrayAsync());
            Assert.Empty(answer.Content.Headers.ContentEncoding);
            Assert.Null(answer.Content.Headers.ContentRange);
            Assert.Empty(answer.Headers.Vary);
            Assert.True(answer.Headers.CacheControl!.NoTransform);
        }
    }

    [Fact]
    [Trait("Conformance", "H-10")]
    public async Task While_it_is_replaced_each_answer_is_one_whole_CRL_with_its_own_tag()
    {
        // Larger than the buffers between: the answer is under way when the next CRL comes.
        var crls = Enumerable.Range(1, 4).Select(number => server.NewCrl(number, 40_000 + number)).ToList();
        var tags = crls.ToDictionary(crl => $"\"{Convert.ToHexStringLower(SHA256.HashData(crl.Der))}\"", crl => crl.Der);
        server.Crl = crls[0];
        using var end = new CancellationTokenSource();
        var replaces = Task.Run(() =>
        {
            for (var i = 0; !end.IsCancellationRequested; i++)
                server.Crl = crls[i % crls.Count];
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                using var answer = await server.SendAsync(HttpMethod.Get, server.Plain, Path);
                Assert.Equal(tags[answer.Headers.ETag!.Tag], await answer.Content.ReadAsByteArrayAsync());
            }
        })));
        await end.CancelAsync();
        await replaces;
    }

    [Fact]
    public async Task A_large_CRL_is_not_copied_for_each_client()
    {
        var crl = server.Crl = server.NewCrl() with { Der = new byte[40 * 1024 * 1024] };

        // The first one hashes.
        using (await server.SendAsync(HttpMethod.Head, server.Plain, Path))
        {
        }

        await using var raw = await RawHttp.ConnectPlainAsync(server.Plain);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await raw.SendAsync($"HEAD {Path} HTTP/1.1\r\nHost: x\r\n\r\n");
        await raw.ReadAsync(hasBody: false);
        await raw.SendAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var head = await raw.ReadAsync(hasBody: false);
        Assert.Equal($"{crl.Der.Length}", head.Headers["Content-Length"]);
        var length = await raw.DrainAsync();
        Assert.Equal(crl.Der.Length, length);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 16 * 1024 * 1024);
    }
}
