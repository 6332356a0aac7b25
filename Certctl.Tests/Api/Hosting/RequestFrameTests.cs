using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Certctl.Api.Hosting.Http;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>What becomes of an accident: an answer that says nothing of the inside, and a log line that says all.</summary>
public sealed class RequestFrameTests
{
    private const string Inside = "relation \"certificates\" of the inside";

    private readonly LogLines<AccidentHandler> _log = new();

    public static TheoryData<Exception, int> Accidents => new()
    {
        { new InvalidOperationException(Inside), 500 },
        { new ArgumentException(Inside), 500 },
        { new OperationCanceledException(Inside), 500 },
        { Substitute.For<DbException>(Inside), 503 },
        { new TimeoutException(Inside), 503 },
        { new HttpRequestException(Inside), 503 },
        { new SocketException(111, Inside), 503 },
        { new IOException(Inside), 503 },
        { new BadHttpRequestException(Inside, 413), 413 },
        { new EndOfStreamException(Inside), 400 },
    };

    [Theory]
    [MemberData(nameof(Accidents))]
    [Trait("Conformance", "A-18")]
    public async Task An_accident_is_a_problem_to_integrators_and_an_empty_answer_to_devices(Exception accident, int status)
    {
        foreach (var (path, body) in new[] { ("/api/v1/audit", true), ("/scep", false), ("/health", false) })
        {
            var (http, text) = await RunAsync(path, _ => throw accident);
            Assert.Equal(status, http.Response.StatusCode);
            Assert.Equal(status == 503 ? "30" : "", http.Response.Headers.RetryAfter.ToString());
            Assert.Equal("DENY", http.Response.Headers.XFrameOptions.ToString());
            Assert.DoesNotContain("inside", text, StringComparison.Ordinal);
            if (body)
                Assert.Equal((status, http.TraceIdentifier), (
                    JsonDocument.Parse(text).RootElement.GetProperty("status").GetInt32(),
                    JsonDocument.Parse(text).RootElement.GetProperty("request_id").GetString()));
            else
                Assert.Equal("", text);
            Assert.Equal(
                status >= 500,
                _log.Lines.Any(line => line.StartsWith("Error: ", StringComparison.Ordinal)
                    && line.Contains(http.TraceIdentifier, StringComparison.Ordinal)
                    && line.Contains(accident.GetType().Name, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task The_log_names_the_method_that_the_client_sent()
    {
        var app = new ApplicationBuilder(new ServiceCollection().BuildServiceProvider());
        app.UseHttpManners();
        app.Run(_ => throw new InvalidOperationException(Inside));
        await RunAsync("/api/v1/audit", app.Build(), HttpMethods.Head);
        Assert.StartsWith("Error: HEAD /api/v1/audit failed", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_has_gone_is_told_nothing_and_is_no_error()
    {
        (Exception Accident, bool IsAborted)[] ends =
        [
            (new ConnectionResetException("gone"), true), (new OperationCanceledException(), true), (new IOException(), true),

            // RequestAborted fires on another thread, perhaps later.
            (new ConnectionResetException("gone"), false), (new ConnectionAbortedException("gone"), false), (
                new ClientGoneException(new IOException("The client reset the stream.")), false),
        ];
        foreach (var (accident, isAborted) in ends)
        {
            var (http, text) = await RunAsync("/api/v1/audit", context =>
            {
                context.RequestAborted = new CancellationToken(isAborted);
                throw accident;
            });
            Assert.Equal((499, ""), (http.Response.StatusCode, text));
            Assert.All(_log.Lines, line => Assert.StartsWith("Debug: ", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_aborted_so_that_it_is_not_taken_for_complete()
    {
        var started = Substitute.For<IHttpResponseFeature>();
        started.HasStarted.Returns(true);
        started.Headers.Returns(new HeaderDictionary());
        var lifetime = Substitute.For<IHttpRequestLifetimeFeature>();
        await RunAsync("/api/v1/audit/export", context =>
        {
            context.Features.Set(started);
            context.Features.Set(lifetime);
            throw new InvalidOperationException(Inside);
        });
        lifetime.Received(1).Abort();
    }

    private async Task<(HttpContext Http, string Body)> RunAsync(string path, RequestDelegate next, string method = "GET")
    {
        using var body = new MemoryStream();
        var services = new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddSingleton(new DiagnosticListener("tests"))
            .AddSingleton<ILogger<AccidentHandler>>(_log)
            .AddRequestFrame()
            .AddProblemDetails();
        await using var provider = services.BuildServiceProvider();
        var app = new ApplicationBuilder(provider);
        app.UseRequestFrame(TimeSpan.FromSeconds(10));
        app.Run(next);
        var http = new DefaultHttpContext { RequestServices = provider };
        http.Request.Path = path;
        http.Request.Method = method;
        http.Response.Body = body;
        await app.Build()(http);
        return (http, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }
}
