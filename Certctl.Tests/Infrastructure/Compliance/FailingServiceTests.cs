using System.Net;
using System.Net.Sockets;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>
/// Accidents are tried again, a little; a service that only fails is left alone for a while; a crowd does not wait in line.
/// </summary>
public sealed class FailingServiceTests
{
    private const int RefusedStream = 7; // RFC 9113 §7

    // Long enough for a busy machine to ask once more while it lasts.
    private static readonly ComplianceLimits Brisk = new() { LeastAttempts = 4, Pause = TimeSpan.FromSeconds(2) };

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task A_service_that_fails_is_asked_three_times_and_no_more(int status)
    {
        await using var service = await ComplianceStub.StartAsync(context => AnswerAsync(context, status));
        using var hook = service.Hook();

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        Assert.Equal($"it answered HTTP {status}", unavailable.Detail);
        Assert.Equal(3, service.Seen.Count);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public async Task After_one_failure_or_two_the_answer_still_counts(bool compliant, int failures)
    {
        var left = failures;
        await using var service = await ComplianceStub.StartAsync(context => AnswerAsync(context, left-- > 0 ? 503 : 200, compliant));
        using var hook = service.Hook();

        var verdict = await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);

        Assert.IsType(compliant ? typeof(ComplianceVerdict.Compliant) : typeof(ComplianceVerdict.NotCompliant), verdict);
        Assert.Equal(failures + 1, service.Seen.Count);
    }

    [Fact]
    public async Task A_reset_is_tried_again()
    {
        var resets = 1;
        await using var service = await ComplianceStub.StartAsync(context =>
        {
            if (resets-- <= 0)
                return AnswerAsync(context, 200);
            context.Abort();
            return Task.CompletedTask;
        });
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http1AndHttp2)]
    public async Task A_service_that_resets_every_request_is_asked_three_times_and_no_more_on_new_connections_and_on_kept_ones(
        HttpProtocols protocols)
    {
        var resets = false;
        await using var service = await ComplianceStub.StartAsync(
            context =>
            {
                if (!resets)
                    return AnswerAsync(context, 200);

                // Under HTTP/2 REFUSED_STREAM is what the platform's client repeats by itself.
                if (context.Features.Get<IHttpResetFeature>() is { } stream)
                    stream.Reset(RefusedStream);
                else
                    context.Abort();
                return Task.CompletedTask;
            },
            protocols: protocols);
        using var hook = service.Hook();
        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        resets = true;

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Equal(1 + 3, service.Seen.Count);
    }

    [Fact]
    public async Task A_yes_that_breaks_off_is_none()
    {
        await using var service = await ComplianceStub.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("{\"compliant\":true}");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using var hook = service.Hook();

        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Equal(3, service.Seen.Count);
    }

    [Fact]
    public async Task A_closed_port_is_an_outage()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        using var hook = new HttpComplianceHook(
            ComplianceStub.Settings(new Uri($"https://localhost:{port}")), NullLogger<HttpComplianceHook>.Instance);

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Contains("ConnectionError", unavailable.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_circuit_opens_sends_nothing_for_a_while_and_heals_by_itself()
    {
        var broken = true;
        var log = new LogLines<HttpComplianceHook>();
        await using var service = await ComplianceStub.StartAsync(context => AnswerAsync(context, Volatile.Read(ref broken) ? 500 : 200));
        using var hook = service.Hook(limits: Brisk, logger: log);
        await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);
        Assert.Equal(3, service.Seen.Count);
        await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);
        var asked = service.Seen.Count;
        Assert.Equal(4, asked);

        // At once, since nothing is sent and nothing waited for.
        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Contains("failed too often", unavailable.Detail, StringComparison.Ordinal);
        Assert.Equal(asked, service.Seen.Count);

        Volatile.Write(ref broken, false);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await hook.AskAsync(ComplianceStub.Question(), patience.Token) is not ComplianceVerdict.Compliant)
            await Task.Delay(20, patience.Token);
        Assert.Equal(["open", "half-open", "closed"], log.Lines.Select(line => line.Split(" is ")[1].Trim()));
    }

    [Fact]
    public async Task A_service_that_never_answers_opens_the_circuit_too()
    {
        await using var service = await ComplianceStub.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var hook = service.Hook(TimeSpan.FromSeconds(2), Brisk with { Pause = TimeSpan.FromMinutes(5) });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => hook.AskAsync(ComplianceStub.Question(), CancellationToken.None)));

        var asked = service.Seen.Count;
        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Contains("failed too often", unavailable.Detail, StringComparison.Ordinal);
        Assert.Equal(asked, service.Seen.Count);
    }

    [Fact]
    public async Task A_crowd_beyond_the_limit_is_told_at_once()
    {
        var open = new TaskCompletionSource();
        await using var service = await ComplianceStub.StartAsync(async context =>
        {
            await open.Task;
            await AnswerAsync(context, 200);
        });
        using var hook = service.Hook(limits: new ComplianceLimits { Concurrency = 2 });
        Task<ComplianceVerdict>[] first =
            [
                hook.AskAsync(ComplianceStub.Question(), CancellationToken.None),
                hook.AskAsync(ComplianceStub.Question(), CancellationToken.None),
            ];

        var third = await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);
        Assert.Equal(new ComplianceVerdict.Unavailable("2 questions wait for it already"), third);

        open.SetResult();
        Assert.All(await Task.WhenAll(first), verdict => Assert.IsType<ComplianceVerdict.Compliant>(verdict));
        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
    }

    private static Task AnswerAsync(HttpContext context, int status, bool compliant = true)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(compliant ? "{\"compliant\":true}" : "{\"compliant\":false}");
    }
}
