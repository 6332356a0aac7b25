using System.IO.Compression;
using System.Net;
using System.Text;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>What counts as an answer: one shape, and nothing that looks like it.</summary>
public sealed class HttpComplianceHookTests
{
    [Theory]
    [InlineData("{\"compliant\":true,\"reason\":\"seen today\"}", true, "seen today")]
    [InlineData("{\"compliant\":false,\"reason\":\"disk not encrypted\"}", false, "disk not encrypted")]
    [InlineData("{\"compliant\":true}", true, "")]
    [InlineData("{\"reason\":null,\"compliant\":false}", false, "")]
    [InlineData(" {\n\"compliant\" : true }\n", true, "")]
    [InlineData("{\"device\":{\"id\":[1,2]},\"compliant\":false,\"checked\":null}", false, "")]
    public async Task A_well_formed_answer_is_the_verdict(string json, bool compliant, string reason)
    {
        await using var service = await ComplianceStub.StartAsync(json);
        using var hook = service.Hook();

        var verdict = await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);

        Assert.Equal(
            compliant ? new ComplianceVerdict.Compliant(reason) : (ComplianceVerdict)new ComplianceVerdict.NotCompliant(reason), verdict);
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[true]")]
    [InlineData("[{\"compliant\":true}]")]
    [InlineData("{}")]
    [InlineData("{\"reason\":\"fine\"}")]
    [InlineData("{\"compliant\":\"true\"}")]
    [InlineData("{\"compliant\":1}")]
    [InlineData("{\"compliant\":null}")]
    [InlineData("{\"compliant\":{}}")]
    [InlineData("{\"Compliant\":true}")]
    [InlineData("{\"compliant\":true,\"Compliant\":false}")]
    [InlineData("{\"COMPLIANT\":true}")]
    [InlineData("{\"compliant\":true,\"compliant\":false}")]
    [InlineData("{\"compliant\":false,\"compliant\":true}")]
    [InlineData("{\"compliant\":true,\"compli\\u0061nt\":false}")]
    [InlineData("{\"compliant\":true,\"reason\":\"a\",\"reason\":\"b\"}")]
    [InlineData("{\"compliant\":true,\"reason\":7}")]
    [InlineData("{\"compliant\":true,\"reason\":[\"x\"]}")]
    [InlineData("{\"compliant\":true}{\"compliant\":false}")]
    [InlineData("{\"compliant\":true} trailing")]
    [InlineData("{\"compliant\":true,}")]
    [InlineData("{\"compliant\":true")]
    [InlineData("{\"compliant\":tru")]
    [InlineData("{\"compliant\":true/*no*/}")]
    [InlineData("{'compliant':true}")]
    [InlineData("{\"compliant\":true,\"reason\":\"\\ud800\"}")]
    [InlineData("\uFEFF{\"compliant\":true}")]
    [InlineData("<html>{\"compliant\":true}</html>")]
    public async Task Anything_else_is_no_answer_and_is_not_asked_for_again(string body)
    {
        await using var service = await ComplianceStub.StartAsync(body);
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/plain")]
    [InlineData("application/problem+json")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Yes_in_another_type_is_no_answer(string? type)
    {
        await using var service = await ComplianceStub.StartAsync(context =>
        {
            if (type is not null)
                context.Response.ContentType = type;
            return context.Response.Body.WriteAsync("{\"compliant\":true}"u8.ToArray()).AsTask();
        });
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
    }

    [Theory]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(203)]
    [InlineData(206)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Yes_under_another_status_is_no_answer_and_is_not_asked_for_again(int status)
    {
        await using var service = await ComplianceStub.StartAsync(context => YesAsync(context, status));
        using var hook = service.Hook();

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        Assert.Contains($"HTTP {status}", unavailable.Detail, StringComparison.Ordinal);
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_to_who_says_yes_is_not_followed(int status)
    {
        await using var yes = await ComplianceStub.StartAsync("{\"compliant\":true}");
        await using var service = await ComplianceStub.StartAsync(context =>
        {
            context.Response.Headers.Location = yes.Url.ToString();
            return YesAsync(context, status);
        });
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Empty(yes.Seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_huge_body_is_not_read_to_its_end(bool announced)
    {
        var answered = new TaskCompletionSource();
        await using var service = await ComplianceStub.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            var blanks = Encoding.ASCII.GetBytes(new string(' ', 64 * 1024));
            if (announced)
                context.Response.ContentLength = 1L << 40;
            try
            {
                // Behind a connection that has ended, writing succeeds at once and goes nowhere:
                // how much was written says nothing, that it ended says all.
                while (!context.RequestAborted.IsCancellationRequested
                    && !(await context.Response.BodyWriter.WriteAsync(blanks, context.RequestAborted)).IsCompleted)
                    await Task.Yield();
            }
            catch (OperationCanceledException)
            {
                // The client has hung up.
            }

            answered.TrySetResult();
        });
        using var hook = service.Hook();

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        Assert.Contains("longer than 65536", unavailable.Detail, StringComparison.Ordinal);
        await answered.Task.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Single(service.Seen);
    }

    [Fact]
    public async Task A_body_of_just_the_longest_length_is_read()
    {
        await using var service = await ComplianceStub.StartAsync("{\"compliant\":true}".PadRight(ComplianceAnswer.LongestBody));
        using var hook = service.Hook();
        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
    }

    [Fact]
    public async Task A_compressed_answer_is_not_unpacked()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            await gzip.WriteAsync(Encoding.ASCII.GetBytes("{\"compliant\":true}".PadRight(10_000_000)));
        await using var service = await ComplianceStub.StartAsync(context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(packed.ToArray()).AsTask();
        });
        using var hook = service.Hook();

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        Assert.Contains("compressed", unavailable.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Seen, seen => seen.Headers.AcceptEncoding.Count > 0);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/1.1")]
    public async Task It_speaks_HTTP_1_1_also_to_a_service_that_offers_more(HttpProtocols protocols, string protocol)
    {
        await using var service = await ComplianceStub.StartAsync(context => YesAsync(context, 200), protocols: protocols);
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Equal(protocol, Assert.Single(service.Seen).Protocol);
    }

    [Fact]
    public async Task A_service_that_speaks_HTTP_2_alone_is_unavailable()
    {
        await using var service = await ComplianceStub.StartAsync(context => YesAsync(context, 200), protocols: HttpProtocols.Http2);
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Empty(service.Seen);
    }

    [Fact]
    public void No_proxy_stands_between_it_and_the_service()
    {
        using var handler = ComplianceHttp.Handler(ComplianceStub.Settings(new Uri("https://localhost")), null, []);
        Assert.False(handler.UseProxy);
        Assert.False(handler.UseCookies);
        Assert.False(handler.AllowAutoRedirect);
        Assert.Equal(DecompressionMethods.None, handler.AutomaticDecompression);
    }

    [Fact]
    public void Plain_http_is_not_spoken()
    {
        Assert.Throws<ArgumentException>(
            () => new HttpComplianceHook(ComplianceStub.Settings(new Uri("http://localhost")), NullLogger<HttpComplianceHook>.Instance));
    }

    private static Task YesAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync("{\"compliant\":true}");
    }
}
