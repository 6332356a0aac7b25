using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Persistence;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// Lists, searches, totals and the export over a million certificates and five million events.
/// CERTCTL_TEST_LISTS=certificates,events: other sizes.
/// </summary>
public sealed class ListCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Times = 25;
    private const int Inserts = 12_000;
    private const double LimitMs = 50;
    private const double LimitOfExport = 1.3;
    private const string Key = "auditor-key-0123456789abcdef0123456";

    private readonly StringBuilder _table = new();
    private readonly StringBuilder _plans = new();
    private readonly List<string> _slow = [];

    [Fact]
    [Trait("Category", "Measure")]
    public async Task Lists_of_millions_answer_their_first_and_their_last_page_within_50_ms_and_the_export_takes_no_more_memory_for_more()
    {
        var (certificates, events) = ListSeed.Sizes();
        var now = TimeProvider.System.GetUtcNow();
        var seed = new ListSeed(now, certificates, events);
        var connection = await postgres.CreateDatabaseAsync(migrated: true);
        var took = await seed.FillAsync(connection);
        _table.AppendLine(CultureInfo.InvariantCulture,
            $"index builds, s: {string.Join(", ", took.Select(index => $"{index.Index} {index.Took.TotalSeconds:F0}"))}");

        try
        {
            await MeasureListsAsync(connection, seed, now);
            await MeasureServerAsync(connection, certificates, events, now);
            await MeasureInsertsAsync(connection, seed, certificates);
        }
        finally
        {
            output.WriteLine(_table.ToString());
            await File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), "certctl-list-plans.txt"), $"{_table}\n{_plans}");
        }

        Assert.Empty(_slow);
    }

    private async Task MeasureListsAsync(string connection, ListSeed seed, DateTimeOffset now)
    {
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, connection);
        database.Clock.SetUtcNow(now);
        using var plans = new QueryPlans();
        await MeasureCertificatesAsync(database, seed, now, plans);
        await MeasureEventsAsync(database, seed, now, plans);
    }

    private async Task MeasureCertificatesAsync(TestDatabase database, ListSeed seed, DateTimeOffset now, QueryPlans plans)
    {
        var inventory = database.Get<ICertificateInventory>();
        var one = seed.Certificate(1234);
        foreach (var (name, filter) in new (string, CertificateFilter)[]
        {
            ("all", new()),
            ("status=active", new() { Status = CertificateStatus.Active }),
            ("status=expired", new() { Status = CertificateStatus.Expired }),
            ("status=revoked", new() { Status = CertificateStatus.Revoked }),
            ("status=on_hold", new() { Status = CertificateStatus.OnHold }),
            ("issuer, common", new() { IssuerId = "iss-local" }),
            ("issuer, rare", new() { IssuerId = "iss-lab" }),
            ("profile, common", new() { ProfileId = "default" }),
            ("profile, old", new() { ProfileId = "legacy" }),
            ("profile, rare", new() { ProfileId = "pilot" }),
            ("path, common", new() { PathId = "" }),
            ("path, rare", new() { PathId = "lab" }),
            ("source, rare", new() { Source = "EST" }),
            ("path and status", new() { PathId = "corp", Status = CertificateStatus.Active }),
            ("profile and path, rare", new() { PathId = "lab", ProfileId = "pilot" }),
            ("serial", new() { SerialNumber = one.SerialNumber }),
            ("ends in 30 days", new() { ExpiresAfter = now, ExpiresBefore = now.AddDays(30) }),
            ("created in one day", new() { CreatedAfter = now.AddDays(-200), CreatedBefore = now.AddDays(-199) }),
            ("q, one", new() { Text = one.CommonName }),
            ("q, in a name", new() { Text = $"user7.MÜLLER" }),
            ("q, a tenth", new() { Text = "sales-laptop-00" }),
            ("q, most", new() { Text = "laptop" }),
            ("q, none", new() { Text = "no such device" }),
            ("q, two letters", new() { Text = "98" }),
            ("q and status", new() { Text = "finance-laptop", Status = CertificateStatus.Revoked }),
        })
            await MeasureAsync($"certificates {name}", plans, database, async skip =>
            {
                var page = await inventory.ListAsync(filter, now, null, skip, 50, default);
                return (page.Total, page.Certificates.Count);
            });
    }

    private async Task MeasureEventsAsync(TestDatabase database, ListSeed seed, DateTimeOffset now, QueryPlans plans)
    {
        var of = seed.Event(1230);
        foreach (var (name, filter) in new (string, AuditFilter)[]
        {
            ("all", new()),
            ("action, common", new() { Action = AuditAction.ScepPkcsReq }),
            ("action, rare", new() { Action = AuditAction.ProfileSaved }),
            ("actor, common", new() { Actor = "scep-client" }),
            ("actor, rare", new() { Actor = "root" }),
            ("resource type, rare", new() { ResourceType = "profile" }),
            ("resource", new() { ResourceId = of.ResourceId }),
            ("resource without serial", new() { ResourceId = seed.Event(103).ResourceId }),
            ("outcome=issued", new() { Outcome = AuditOutcome.Issued }),
            ("outcome=done", new() { Outcome = AuditOutcome.Done }),
            ("outcome=refused", new() { Outcome = AuditOutcome.Refused }),
            ("reason, common", new() { Reason = "challenge_wrong" }),
            ("reason, rare", new() { Reason = "profile_unavailable" }),
            ("path, rare", new() { PathId = "lab" }),
            ("reason and path, rare", new() { Reason = "rate_limited", PathId = "lab" }),
            ("transaction", new() { TransactionId = of.TransactionId }),
            ("serial", new() { SerialNumber = of.SerialNumber }),
            ("from and to, a day", new() { From = now.AddDays(-200), To = now.AddDays(-199) }),
            ("from and to, rare action", new() { From = now.AddDays(-200), To = now.AddDays(-100), Action = AuditAction.ProfileSaved }),
            ("q, one device", new() { Text = of.Subject!.Split(',')[0] }),
            ("q, in a detail", new() { Text = "profile kept CHANGING" }),
            ("q, a tenth", new() { Text = "sales-laptop-00" }),
            ("q, most", new() { Text = "laptop" }),
            ("q, none", new() { Text = "no such device" }),
            ("q, two letters", new() { Text = "98" }),
            ("q and outcome", new() { Text = "finance-laptop", Outcome = AuditOutcome.Done }),
        })
            await MeasureAsync($"audit {name}", plans, database, async skip =>
            {
                var page = await database.Audit.ListAsync(filter, null, skip, 50, default);
                return (page.Total, page.Events.Count);
            });
    }

    private async Task MeasureAsync(string name, QueryPlans plans, TestDatabase database, Func<int, Task<(long Total, int Rows)>> list)
    {
        plans.Indexes(database.ConnectionString, out _);
        var started = Stopwatch.GetTimestamp();
        var (total, rows) = await list(0);
        var cold = Stopwatch.GetElapsedTime(started);
        var first = await MedianAsync(() => list(0));
        var lastSkip = (int)Math.Max(0, (total - 1) / 50 * 50);
        var last = await MedianAsync(() => list(lastSkip));
        plans.Indexes(database.ConnectionString, out _);
        await list(0);
        await list(lastSkip);
        var used = plans.Indexes(database.ConnectionString, out var text);
        _plans.AppendLine(CultureInfo.InvariantCulture, $"=== {name}\n{text}");
        _table.AppendLine(CultureInfo.InvariantCulture, $"{name,-36} total {total,8}  cold {cold.TotalMilliseconds,8:F1} ms  first "
            + $"{first.TotalMilliseconds,6:F1} ms  last {last.TotalMilliseconds,6:F1} ms  {string.Join(' ', used)}");
        Assert.Equal(Math.Min(50, total), rows);
        if (first.TotalMilliseconds > LimitMs || last.TotalMilliseconds > LimitMs)
            _slow.Add(name);
        if (used.Contains("Seq Scan"))
            _slow.Add($"{name}: reads a whole table");
    }

    private async Task MeasureServerAsync(string connection, int certificates, int events, DateTimeOffset now)
    {
        await using var host = await CertctlHost.StartAsync(
            connection, ("CERTCTL_API_KEYS_NAMED", $"aud:{Key}:auditor"), ("CERTCTL_RATE_LIMIT_ENABLED", "false"));
        using var http = ScepWire.NewClient(host.CaFile);
        http.Timeout = TimeSpan.FromMinutes(10);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        foreach (var path in new[]
        {
            "certificates", $"certificates?page={certificates / 50}", "certificates?status=active", "certificates?q=sales-laptop-00",
            "audit", $"audit?page={events / 50}", "audit?action=update_profile", "audit?q=kept%20changing",
        })
        {
            var url = new Uri(host.Url, $"/api/v1/{path}");
            await http.GetStringAsync(url);
            var median = await MedianAsync(() => http.GetStringAsync(url), 21);
            _table.AppendLine(CultureInfo.InvariantCulture, $"GET /api/v1/{path,-40} {median.TotalMilliseconds,6:F1} ms");
            if (median.TotalMilliseconds > LimitMs)
                _slow.Add(path);
        }

        var from = Uri.EscapeDataString(now.AddDays(-36.5).ToString("O", CultureInfo.InvariantCulture));
        var tenth = await ExportAsync(http, host, $"/api/v1/audit/export?from={from}");
        var whole = await ExportAsync(http, host, "/api/v1/audit/export");
        _table.AppendLine(CultureInfo.InvariantCulture, $"export of {tenth.Lines} events: {tenth.Took.TotalSeconds:F1} s, "
            + $"server's peak {tenth.PeakMb} MB; of {whole.Lines}: {whole.Took.TotalSeconds:F1} s, {whole.PeakMb} MB");
        Assert.Equal(events, whole.Lines);
        Assert.InRange(tenth.Lines, (events / 10) - 2, (events / 10) + 2);
        if (whole.PeakMb > tenth.PeakMb * LimitOfExport)
            _slow.Add("the export's memory");
    }

    private static async Task<(int Lines, int PeakMb, TimeSpan Took)> ExportAsync(HttpClient http, CertctlHost host, string path)
    {
        // proc(5): from here on a new peak is kept.
        await File.WriteAllTextAsync($"/proc/{host.ProcessId}/clear_refs", "5");
        var started = Stopwatch.GetTimestamp();
        await using var body = await http.GetStreamAsync(new Uri(host.Url, path));
        var (lines, buffer) = (0, new byte[1 << 16]);
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        var peak = (await File.ReadAllLinesAsync($"/proc/{host.ProcessId}/status"))
            .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return (
            lines,
            int.Parse(peak.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024,
            Stopwatch.GetElapsedTime(started));
    }

    /// <summary>
    /// What the indexes cost an enrolment: the same inserts with all of them, without those of text,
    /// and without any that this measure is about.
    /// </summary>
    private async Task MeasureInsertsAsync(string connection, ListSeed seed, int first)
    {
        string[] text = ["audit_events_text_idx", "certificates_subject_idx", "certificates_sans_idx"];
        string[] filters =
        [
            "audit_events_path_idx",
            "certificates_issuer_idx",
            "certificates_profile_idx",
            "certificates_path_idx",
            "certificates_ended_idx",
        ];
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, connection);
        await InsertAsync(1);
        var all = await InsertAsync(2);
        await DropAsync(text);
        var withoutText = await InsertAsync(3);
        await DropAsync(filters);
        var without = await InsertAsync(4);
        _table.AppendLine(CultureInfo.InvariantCulture, $"commit of {Inserts} enrolments, 64 at once: {all.TotalSeconds:F2} s; "
            + $"without text indexes {withoutText.TotalSeconds:F2} s (ratio {all / withoutText:F2}); "
            + $"without those of filters too {without.TotalSeconds:F2} s (ratio {all / without:F2})");

        async Task<TimeSpan> InsertAsync(int round)
        {
            var entries = Enumerable.Range(0, Inserts).Select(i =>
            {
                var certificate = seed.Certificate(first + (round * Inserts) + i);
                var entry = TestEntries.Issued(certificate.CreatedAt);
                return entry with
                {
                    Certificate = certificate,
                    Audit = entry.Audit with
                    {
                        Subject = certificate.Subject,
                        SubjectAltNames = certificate.SubjectAltNames,
                        SerialNumber = certificate.SerialNumber,
                        ResourceId = certificate.SerialNumber,
                        TransactionId = Guid.NewGuid().ToString("N"),
                    },
                };
            }).ToList();
            var started = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(entries, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (entry, cancellationToken) =>
                Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, cancellationToken)));
            return Stopwatch.GetElapsedTime(started);
        }

        async Task DropAsync(string[] indexes)
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var command = source.CreateCommand($"DROP INDEX {string.Join(", ", indexes)}");
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<TimeSpan> MedianAsync(Func<Task> act, int times = Times)
    {
        var elapsed = new TimeSpan[times];
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await act();
            elapsed[i] = Stopwatch.GetElapsedTime(started);
        }

        Array.Sort(elapsed);
        return elapsed[times / 2];
    }
}
