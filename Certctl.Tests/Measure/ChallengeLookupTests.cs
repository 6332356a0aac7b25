using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Persistence;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What ten million live challenges cost: the early check, the commit and the sweep,
/// each as a multiple of itself on an empty table in the same run.
/// </summary>
public sealed class ChallengeLookupTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Live = 10_000_000;
    private const int Lapsed = 20_000;
    private const double Limit = 2;

    [Fact]
    [Trait("Category", "Measure")]
    public async Task Ten_million_live_challenges_do_not_slow_the_check_nor_the_commit()
    {
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await MeasureAsync(database);
        var (check, commit) = await MeasureAsync(database);
        await FillAsync(database);
        await MeasureAsync(database);
        var (fullCheck, fullCommit) = await MeasureAsync(database);
        var plan = await ExplainAsync(database);
        var sweep = await SweepAsync(database);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            server check, empty table       {check.TotalMicroseconds:F0} us
            server check, ten million       {fullCheck.TotalMicroseconds:F0} us, ratio {fullCheck / check:F2}
            server commit, empty table      {commit.TotalMicroseconds:F0} us
            server commit, ten million      {fullCommit.TotalMicroseconds:F0} us, ratio {fullCommit / commit:F2}
            server sweep of a batch         {sweep.TotalMilliseconds:F1} ms
            """));
        Assert.Contains("Index", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
        Assert.True(fullCheck / check < Limit, $"the check is {fullCheck / check:F2} times as slow");
        Assert.True(fullCommit / commit < Limit, $"the commit is {fullCommit / commit:F2} times as slow");
    }

    private static async Task<(TimeSpan Check, TimeSpan Commit)> MeasureAsync(TestDatabase database)
    {
        var now = database.Clock.GetUtcNow();
        var check = await MedianAsync(2000, () => database.Enrolments.FindUseAsync(Use(now), default));
        var commit = await MedianAsync(400, () => database.Journal.CommitAsync(
            TestEntries.Issued(now) with
            {
                Use = Use(now),
                Budget = new DeviceBudget(RandomNumberGenerator.GetBytes(32), 3),
            },
            default));
        return (check, commit);
    }

    private static ChallengeUse Use(DateTimeOffset now) =>
        new(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), now.AddHours(1));

    private static async Task<TimeSpan> MedianAsync(int times, Func<Task> act)
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

    private static Task FillAsync(TestDatabase database) => ExecuteAsync(database, $"""
        INSERT INTO challenge_uses (use_key, csr_sha256, enrolment_id, kept_until)
        SELECT sha256(int4send(i)), sha256(int4send(-i)), gen_random_uuid(), timestamptz '2026-03-02' + (i % 100000) * interval '1 second'
        FROM generate_series(1, {Live}) i;
        INSERT INTO device_slots (device_key, slot, enrolment_id, taken_at)
        SELECT sha256(int4send(i)), s, gen_random_uuid(), timestamptz '2026-03-01'
        FROM generate_series(1, {Live / 10}) i, generate_series(0, 1) s;
        INSERT INTO challenge_uses (use_key, csr_sha256, enrolment_id, kept_until)
        SELECT sha256(int8send(i)), sha256(int8send(-i)), gen_random_uuid(), timestamptz '2026-02-01' FROM generate_series(1, {Lapsed}) i;
        ANALYZE challenge_uses, device_slots;
        CHECKPOINT
        """);

    private static async Task<TimeSpan> SweepAsync(TestDatabase database)
    {
        var sweep = database.Get<IClaimSweep>();
        return await MedianAsync(
            Lapsed / ClaimSweep.BatchLimit, async () => Assert.Equal(ClaimSweep.BatchLimit, await sweep.SweepAsync(default)));
    }

    private static async Task<string> ExplainAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "EXPLAIN SELECT enrolment_id FROM challenge_uses WHERE use_key = sha256('x') AND kept_until > now()", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 1200 };
        await command.ExecuteNonQueryAsync();
    }
}
