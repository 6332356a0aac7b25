using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Api.Rest.Endpoints;

/// <summary>The export behind the real server, with an audit trail that never ends and a clock that the test moves.</summary>
public sealed class AuditExportTests
{
    private const string Path = "/api/v1/audit/export";

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly EndlessTrail _trail = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task A_client_that_does_not_read_is_cut_off_and_leaves_an_event(HttpProtocols protocol)
    {
        await using var app = await StartAsync(protocol);
        using var http = new HttpClient();
        using var answer = await SendAsync(http, app, HttpMethod.Get, protocol);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        // Only the time that a write waits for the client counts; when its buffers are full cannot be seen from here.
        using var bound = new CancellationTokenSource(Bound);
        while (_trail.Refusals.IsEmpty)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, bound.Token);
        }

        var refusal = Assert.Single(_trail.Refusals);
        Assert.Equal(("aud", AccessTrail.TooSlow, AuditOutcome.Refused), (refusal.Actor, refusal.Reason, refusal.Outcome));
        Assert.StartsWith(
            $"GET {Path}: The export was ended: its client took less than 16384 octets a second", refusal.Detail, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.CopyToAsync(Stream.Null, bound.Token));
        Assert.False(bound.IsCancellationRequested);

        // The place is free for the next one.
        var slots = app.Services.GetRequiredService<ExportSlots>();
        while (slots.Enter("aud") != ExportEntry.Entered)
            await Task.Delay(10, bound.Token);
    }

    [Fact]
    public async Task HEAD_reads_nothing_takes_no_place_and_a_refusal_of_it_names_it()
    {
        await using var app = await StartAsync(HttpProtocols.Http1);
        using var http = new HttpClient();
        var slots = app.Services.GetRequiredService<ExportSlots>();
        slots.Enter("aud");
        slots.Enter("other");
        using var head = await SendAsync(http, app, HttpMethod.Head, HttpProtocols.Http1);
        Assert.Equal((HttpStatusCode.OK, AuditExport.NdjsonType), (head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        Assert.Equal("audit.ndjson", head.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.Equal((0, 0), (_trail.Streams, _trail.Refusals.Count));

        using var get = await SendAsync(http, app, HttpMethod.Get, HttpProtocols.Http1);
        Assert.Equal((HttpStatusCode.TooManyRequests, 0), (get.StatusCode, _trail.Streams));
        using var refused = await SendAsync(http, app, HttpMethod.Head, HttpProtocols.Http1, "/refused");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(
            [$"GET {Path}: aud runs an export already; one at a time for each.", "HEAD /refused: no"],
            _trail.Refusals.Select(refusal => refusal.Detail));
    }

    private async Task<WebApplication> StartAsync(HttpProtocols protocol)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocol));
        builder.Services.AddSingleton<TimeProvider>(_clock).AddSingleton<IAuditRepository>(_trail).AddSingleton<ExportSlots>()
            .AddSingleton<RefusedRequests>().AddSingleton<AccessTrail>();
        var app = builder.Build();
        app.UseHttpManners();
        app.Use((http, next) =>
        {
            http.User = ApiPolicy.Principal("aud", ApiRole.Auditor);
            return next(http);
        });
        app.UseRouting();
        app.MapGet(Path, IResult () => new AuditExport(_trail, new AuditFilter(), csv: false));
        app.MapGet("/refused", (HttpContext http, AccessTrail trail) => trail.RefuseAsync(http, StatusCodes.Status401Unauthorized, "no"));
        await app.StartAsync();
        return app;
    }

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient http, WebApplication app, HttpMethod method, HttpProtocols protocol, string path = Path)
    {
        var server = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        var request = new HttpRequestMessage(method, new Uri(new Uri(server), path))
        {
            Version = protocol == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private sealed class EndlessTrail : IAuditRepository
    {
        private static readonly AuditEvent Event = new()
        {
            Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
            Timestamp = DateTimeOffset.UnixEpoch,
            Actor = "scep-client",
            ActorType = "System",
            Action = AuditAction.ScepPkcsReq,
            Outcome = AuditOutcome.Issued,
            Detail = new string('x', 4000),
            ResourceType = "certificate",
            ResourceId = "",
        };

        private int _streams;

        public int Streams => Volatile.Read(ref _streams);

        public ConcurrentQueue<AuditEvent> Refusals { get; } = new();

        public Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken)
        {
            Refusals.Enqueue(refusal);
            return Task.CompletedTask;
        }

        public async IAsyncEnumerable<AuditEvent> StreamAsync(
            AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _streams);
            while (true)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                yield return Event;
            }
        }

        public Task AppendAsync(AuditEvent act, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<AuditPage> ListAsync(AuditFilter filter, Guid? before, int skip, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<AuditEvent?> FindAsync(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<AuditCount>> CountAsync(
            IReadOnlyList<string> actions, DateTimeOffset since, DateTimeOffset? until, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
