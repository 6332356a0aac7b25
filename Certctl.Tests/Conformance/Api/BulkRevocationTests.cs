using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>A bulk revocation of 3,000 certificates, over the end of the process that runs it.</summary>
public sealed class BulkRevocationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Count = 3000;
    private const string Key = "admin-key-0123456789abcdef0123456789";
    private static readonly (string, string)[] Settings =
        [("CERTCTL_API_KEYS_NAMED", $"alice:{Key}:admin"), ("CERTCTL_RATE_LIMIT_RPS", "5000"), ("CERTCTL_RATE_LIMIT_BURST", "5000")];

    [Fact]
    public async Task When_its_process_is_killed_in_the_middle_another_one_goes_on_where_it_stood()
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: true);
        await using var first = await CertctlHost.StartAsync(connection, Settings);
        await using var later = await CertctlHost.StartBesideAsync(first);
        await later.SignalAsync("STOP");
        string job;
        await using (var fourth = await SliceLock.TakeAsync(connection, await FillAsync(first)))
        {
            job = await AskAsync(first);
            await UntilAsync(first, job, row => row.GetProperty("total_revoked").GetInt32() == 1500);
            await FillAsync(first, 1);
            await first.KillAsync();
        }

        await later.SignalAsync("CONT");
        await DoneOnceAsync(later, await UntilAsync(later, job, row => row.GetProperty("state").GetString() == "done"));

        // One that is cancelled in the fourth slice does that to its end, and no fifth.
        Task<JsonElement> cancelling;
        await using (var fourth = await SliceLock.TakeAsync(connection, await FillAsync(later)))
        {
            job = await AskAsync(later);
            await fourth.MetAsync(1);
            cancelling = SendAsync(later, HttpMethod.Post, $"/api/v1/jobs/{job}/cancel", HttpStatusCode.OK);
            await fourth.MetAsync(2);
        }

        var cancelled = await cancelling;
        Assert.Equal(
            ("cancelled", 2000), (cancelled.GetProperty("state").GetString(), cancelled.GetProperty("total_revoked").GetInt32()));
        var rest = await UntilAsync(later, await AskAsync(later), row => row.GetProperty("state").GetString() == "done");
        Assert.Equal(
            (Count + Count + 1, 1001), (rest.GetProperty("total_matched").GetInt32(), rest.GetProperty("total_revoked").GetInt32()));
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_goes_on_where_it_stood()
    {
        await using var server = await CertctlHost.StartAsync(null, Settings);
        await FillAsync(server);
        var job = await AskAsync(server);
        await UntilAsync(server, job, row => row.GetProperty("total_revoked").GetInt32() > 0);
        await server.KillAsync();
        await server.StartAgainAsync();
        await FillAsync(server, 1);
        var done = await UntilAsync(server, job, row => row.GetProperty("state").GetString() == "done");
        await DoneOnceAsync(server, done);
    }

    private static async Task DoneOnceAsync(CertctlHost server, JsonElement job)
    {
        Assert.Equal(
            (Count, Count, 0, 0, "alice"),
            (
                job.GetProperty("total_matched").GetInt32(), job.GetProperty("total_revoked").GetInt32(),
                job.GetProperty("total_skipped").GetInt32(), job.GetProperty("total_failed").GetInt32(),
                job.GetProperty("requested_by").GetString()));
        await using var db = Open(server);
        var audited = await db.AuditEvents.Where(line => line.Action == AuditAction.CertificateRevoked)
            .Select(line => line.SerialNumber).ToListAsync();
        Assert.Equal((Count, Count), (audited.Count, audited.Distinct().Count()));
        Assert.Equal(Count, await db.Certificates.CountAsync(one => one.RevokedAt != null));
        Assert.Equal(1, await db.Certificates.CountAsync(one => one.RevokedAt == null && one.Subject == "CN=device"));
        Assert.Equal(1, await db.AuditEvents.CountAsync(line => line.Action == AuditAction.BulkRevocationInitiated));
        Assert.Equal(1, await db.AuditEvents.CountAsync(line => line.Action == AuditAction.BulkRevocationEnded));
    }

    /// <summary>The id of the job.</summary>
    private static async Task<string> AskAsync(CertctlHost server)
    {
        var job = await SendAsync(
            server, HttpMethod.Post, "/api/v1/certificates/bulk-revoke", HttpStatusCode.Accepted,
            ApiServer.Json(new { reason = "cessationOfOperation", path_id = "corp" }));
        return job.GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> UntilAsync(CertctlHost server, string job, Func<JsonElement, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (true)
        {
            var row = await SendAsync(server, HttpMethod.Get, $"/api/v1/jobs/{job}", HttpStatusCode.OK);
            if (condition(row))
                return row;
            await Task.Delay(10, patience.Token);
        }
    }

    private static async Task<JsonElement> SendAsync(
        CertctlHost server, HttpMethod method, string path, HttpStatusCode status, HttpContent? body = null)
    {
        using var wire = server.Connect();
        using var request = new HttpRequestMessage(method, new Uri(server.Url, path)) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var answer = await wire.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        var json = JsonDocument.Parse(text).RootElement;
        if (status == HttpStatusCode.Accepted)
            Assert.Equal($"/api/v1/jobs/{json.GetProperty("id").GetString()}", answer.Headers.Location?.OriginalString);
        return json;
    }

    private static CertctlDbContext Open(CertctlHost server) =>
        server.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContext();

    /// <summary>Certificates of the path corp, in the order in which a job comes to them.</summary>
    private static async Task<List<string>> FillAsync(CertctlHost server, int count = Count)
    {
        await using var db = Open(server);
        var now = DateTimeOffset.UtcNow;
        var serials = Enumerable.Range(0, count).Select(i => $"{i:x8}{Guid.NewGuid():N}").ToList();
        var issued = serials.ConvertAll(serial => TestEntries.Certificate(now, serial));

        // EF reads the field, which the property fills.
        Assert.All(issued, one => Assert.NotEmpty(one.NameSha256));
        db.Certificates.AddRange(issued);
        await db.SaveChangesAsync();
        return serials;
    }

    /// <summary>Another session has locked a certificate of the fourth slice, until it is disposed of.</summary>
    private sealed class SliceLock(NpgsqlConnection session, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public static async Task<SliceLock> TakeAsync(string connection, List<string> serials)
        {
            var session = new NpgsqlConnection(connection);
            await session.OpenAsync();
            var taken = new SliceLock(session, await session.BeginTransactionAsync());
            await taken.RunAsync($"SELECT 1 FROM certificates WHERE serial_number = '{serials[1700]}' FOR UPDATE");
            return taken;
        }

        /// <summary>So many sessions wait for a lock.</summary>
        public async Task MetAsync(int sessions)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (await RunAsync("SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
                + "WHERE NOT l.granted AND a.datname = current_database()") is not long waiting || waiting < sessions)
                await Task.Delay(10, patience.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await session.DisposeAsync();
        }

        private async Task<object?> RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, session);
            return await command.ExecuteScalarAsync();
        }
    }
}
