using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>However slow the other side is, an enrolment is held for the configured time and no longer.</summary>
public sealed class SlowServiceTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(600);

    // For a busy machine; what hangs would hang for ever.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task A_service_that_never_answers()
    {
        await using var service = await ComplianceStub.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var hook = service.Hook(Bound);
        var unavailable = await MustGiveUpAsync(hook);
        Assert.Equal("no answer within 0.6 s", unavailable.Detail);
    }

    [Fact]
    public async Task A_service_that_takes_most_of_its_time_is_heard()
    {
        await using var service = await ComplianceStub.StartAsync(async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(2));
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{\"compliant\":true}");
        });
        using var hook = service.Hook(TimeSpan.FromSeconds(4));
        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Single(service.Seen);
    }

    [Theory]
    [InlineData("{\"compliant\":true}")]
    [InlineData("")]
    public async Task A_body_that_drips_after_a_yes_or_before_it(string first)
    {
        await using var service = await ComplianceStub.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(first);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(" ");
                await context.Response.Body.FlushAsync();
                await Task.Delay(20);
            }
        });
        using var hook = service.Hook(Bound);
        await MustGiveUpAsync(hook);
    }

    [Fact]
    public async Task A_listener_that_never_begins_the_handshake()
    {
        using var listener = Listener();
        using var hook = new HttpComplianceHook(ComplianceStub.Settings(Url(listener), Bound), NullLogger<HttpComplianceHook>.Instance);
        await MustGiveUpAsync(hook);
    }

    [Fact]
    public async Task Headers_that_drip()
    {
        using var listener = Listener();
        using var ended = new CancellationTokenSource();
        var dripping = DripHeadersAsync(listener, ended.Token);
        using (var hook = new HttpComplianceHook(ComplianceStub.Settings(Url(listener), Bound), NullLogger<HttpComplianceHook>.Instance))
            await MustGiveUpAsync(hook);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dripping);
    }

    [Fact]
    public async Task A_name_that_never_resolves()
    {
        // The resolver cannot be interrupted, so its caller must stop waiting for it.
        var settings = ComplianceStub.Settings(new Uri("https://compliance.example"), Bound);
        var handler = ComplianceHttp.Handler(settings, null, settings.Roots);
        var never = new TaskCompletionSource<Stream>();
        handler.ConnectCallback = (_, _) => new ValueTask<Stream>(never.Task);
        using (var hook = new HttpComplianceHook(settings, handler, NullLogger<HttpComplianceHook>.Instance))
            await MustGiveUpAsync(hook);
        never.SetException(new IOException("the end of the test"));
    }

    [Fact]
    public async Task A_device_that_hangs_up_ends_the_question_as_an_accident_and_not_as_a_verdict()
    {
        await using var service = await ComplianceStub.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var hook = service.Hook();
        using var hangUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hook.AskAsync(ComplianceStub.Question(), hangUp.Token));
    }

    private static async Task<ComplianceVerdict.Unavailable> MustGiveUpAsync(HttpComplianceHook hook)
    {
        var watch = Stopwatch.StartNew();
        var verdict = await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);

        // One attempt has nine tenths of the bound, and a timer may be early by its grain.
        Assert.InRange(watch.Elapsed, Bound * 0.8, Bound + Margin);
        return Assert.IsType<ComplianceVerdict.Unavailable>(verdict);
    }

    private static TcpListener Listener()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static Uri Url(TcpListener listener) => new($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/compliance");

    private static async Task DripHeadersAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        using var certificate = ComplianceStub.Certificate("localhost");
        List<Task> connections = [];
        try
        {
            while (true)
                connections.Add(DripAsync(await listener.AcceptTcpClientAsync(cancellationToken)));
        }
        finally
        {
            await Task.WhenAll(connections);
        }

        async Task DripAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancellationToken);
                    await tls.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), cancellationToken);
                    while (true)
                    {
                        await tls.WriteAsync("X-Drip: 1\r\n"u8.ToArray(), cancellationToken);
                        await Task.Delay(20, cancellationToken);
                    }
                }
                catch (IOException)
                {
                    // The client has hung up.
                }
                catch (OperationCanceledException)
                {
                    // The end of the test.
                }
            }
        }
    }
}
