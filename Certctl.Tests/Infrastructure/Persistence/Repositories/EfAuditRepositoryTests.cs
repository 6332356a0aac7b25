using System.Data.Common;
using System.Globalization;
using Certctl.Domain.Audit;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfAuditRepositoryTests(PostgresDatabases databases)
    : EfAuditRepositoryTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfAuditRepositoryTests(SqliteDatabases databases)
    : EfAuditRepositoryTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfAuditRepositoryTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task Ten_thousand_like_refusals_make_five_rows_and_one_that_counts_the_rest()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 1250; i++)
                await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);
        })));

        await database.Audit.FlushAsync();

        var rows = await RowsAsync(database);
        Assert.Equal(6, rows.Count);
        Assert.Equal(10_000, rows.Sum(row => row.Count));
        var counted = Assert.Single(rows, row => row.Count > 1);
        Assert.Equal("9995 like refusals since 2026-03-01T12:00:00Z", counted.Detail);
        Assert.Equal(("192.0.2.1", "corp", "challenge_wrong"), (counted.SourceAddress, counted.PathId, counted.Reason));
        Assert.Equal(5, rows.Count(row => row.Subject == "CN=device"));
    }

    [Fact]
    public async Task Ten_thousand_sources_make_no_more_than_a_minutes_rows()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var i = 0; i < 10_000; i++)
            await database.Audit.AppendRefusalAsync(Refusal($"source {i}"), default);

        await database.Audit.FlushAsync();

        var rows = await RowsAsync(database);
        Assert.Equal(601, rows.Count);
        Assert.Equal(10_000, rows.Sum(row => row.Count));
        Assert.Null(Assert.Single(rows, row => row.Count > 1).SourceAddress);
    }

    [Fact]
    public async Task After_a_minute_a_kind_is_listed_again()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var i = 0; i < 6; i++)
            await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);
        Assert.Equal(5, (await RowsAsync(database)).Count);

        // The timer's flush runs beside us; ours waits for it.
        database.Clock.Advance(TimeSpan.FromSeconds(60));
        await database.Audit.FlushAsync();
        await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);

        var rows = await RowsAsync(database);
        Assert.Equal(7, rows.Count);
        Assert.Single(rows, row => row.Detail == "1 like refusals since 2026-03-01T12:00:00Z");
    }

    [Fact]
    public async Task What_was_counted_is_written_every_ten_seconds()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var i = 0; i < 20; i++)
            await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);

        database.Clock.Advance(TimeSpan.FromSeconds(10));

        for (var i = 0; i < 200 && (await RowsAsync(database)).Count < 6; i++)
            await Task.Delay(25);
        Assert.Equal(20, (await RowsAsync(database)).Sum(row => row.Count));
    }

    [Fact]
    [Trait("Conformance", "A-11")]
    public async Task What_was_counted_is_written_when_the_process_ends()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using (var process = OpenBeside(database))
        {
            for (var i = 0; i < 20; i++)
                await process.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);
        }

        Assert.Equal(20, (await RowsAsync(database)).Sum(row => row.Count));
    }

    [Fact]
    public async Task A_flush_that_fails_is_logged_and_keeps_the_count()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var i = 0; i < 10; i++)
            await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);
        await using (var db = database.Open())
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE audit_events RENAME TO audit_events_away");

        await database.Audit.FlushAsync();
        Assert.Contains("5 counted refusals could not be written to the audit table; they stay counted", database.Log);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.Audit.AppendRefusalAsync(Refusal("192.0.2.2"), default));
        database.Clock.Advance(TimeSpan.FromSeconds(5));
        await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default);

        await using (var db = database.Open())
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE audit_events_away RENAME TO audit_events");
        await database.Audit.FlushAsync();
        var counted = Assert.Single(await RowsAsync(database), row => row.Count > 1);
        Assert.Equal("6 like refusals since 2026-03-01T12:00:00Z", counted.Detail);
    }

    [Fact]
    public async Task A_refusal_that_cannot_be_written_throws()
    {
        await using var database = OpenUnreachable();
        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => database.Audit.AppendRefusalAsync(Refusal("192.0.2.1"), default));
        Assert.True(thrown is DbException || thrown.InnerException is DbException, thrown.ToString());
    }

    [Fact]
    public async Task A_refused_request_cannot_write_at_any_length()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Audit.AppendRefusalAsync(Refusal("192.0.2.1", new string('x', 1_000_000)), default);

        var row = Assert.Single(await RowsAsync(database));
        Assert.Equal(1024, row.Subject!.Length);
        Assert.Equal(256, row.TransactionId!.Length);
        Assert.Equal(32, row.SubjectAltNames.Count);
        Assert.All(row.SubjectAltNames, name => Assert.Equal(256, name.Length));
    }

    private static async Task<List<AuditEvent>> RowsAsync(TestDatabase database)
    {
        await using var db = database.Open();
        return await db.AuditEvents.AsNoTracking().OrderBy(row => row.Timestamp).ThenBy(row => row.Count).ToListAsync();
    }

    private static AuditEvent Refusal(string source, string? text = null) => new()
    {
        Id = Guid.CreateVersion7(Now),
        Timestamp = Now,
        Actor = "scep-client",
        ActorType = "System",
        Action = AuditAction.ScepPkcsReq,
        Outcome = AuditOutcome.Refused,
        Reason = "challenge_wrong",
        Detail = string.Create(CultureInfo.InvariantCulture, $"not the challenge of {source}"),
        ResourceType = "certificate",
        ResourceId = "",
        PathId = "corp",
        TransactionId = text ?? "tx-1",
        Subject = text ?? "CN=device",
        SubjectAltNames = text is null ? [] : [.. Enumerable.Repeat(text, 100)],
        SourceAddress = source,
    };
}
