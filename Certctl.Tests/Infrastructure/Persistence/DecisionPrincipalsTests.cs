using System.Globalization;
using Certctl.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class PostgresDecisionPrincipalsTests(PostgresDatabases databases) : DecisionPrincipalsTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteDecisionPrincipalsTests(SqliteDatabases databases) : DecisionPrincipalsTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>A migration over decisions and keys of a version that knew no principals: no person counts as two.</summary>
public abstract class DecisionPrincipalsTests(IDatabases databases) : PersistenceTests(databases)
{
    // Name and maker of each key. Of the two that are named "ci" one made "robot", and that one made "arm".
    private static readonly (string Name, string Maker)[] Keys =
        [("one", "alice"), ("two", "alice"), ("third", "one"), ("ci", "alice"), ("ci", "bob"), ("robot", "ci"), ("arm", "robot"),
            ("a1", "arm"), ("a2", "a1"), ("a3", "a2"), ("a4", "a3"), ("a5", "a4"), ("a6", "a5")];

    [Fact]
    public async Task Decisions_by_keys_count_for_their_maker_and_those_of_an_unknown_maker_for_none()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync(migrated: false);
        await PostgresMigrationTests.MigrateToAsync(database, "ChallengeTokenIndex");
        await using var db = database.Open();
        foreach (var (index, (name, maker)) in Keys.Index())
        {
            await InsertAsync("api_keys", new()
            {
                ["id"] = index.ToString("D2", CultureInfo.InvariantCulture),
                ["name"] = name,
                ["role"] = "Operator",
                ["created_by"] = maker,
                ["sha256"] = Binary,
                ["created_at"] = Time,
                ["expires_at"] = Time,
            });
        }

        var (waits, done) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var (id, state) in new[] { (waits, "Pending"), (done, "Issued") })
        {
            await InsertAsync("enrolments", new()
            {
                ["id"] = id,
                ["protocol"] = "scep",
                ["path_id"] = "",
                ["kind"] = "PkcsReq",
                ["transaction_id"] = Binary,
                ["signer_key_sha256"] = Binary,
                ["csr"] = Binary,
                ["csr_sha256"] = Binary,
                ["profile_id"] = "default",
                ["subject"] = "CN=a",
                ["sans"] = "[]",
                ["key_algorithm"] = "RSA-2048",
                ["public_key_sha256"] = Binary,
                ["challenge_kind"] = "Static",
                ["vouched_by"] = "current",
                ["source_address"] = "",
                ["created_at"] = Time,
                ["held_until"] = Time,
                ["state"] = state,
            });
            foreach (var actor in new[] { "one", "third", "ci", "robot", "arm", "carol" })
            {
                await InsertAsync("enrolment_decisions", new()
                {
                    ["enrolment_id"] = id,
                    ["actor"] = actor,
                    ["approved"] = Kind == DatabaseKind.Sqlite ? "1" : "true",
                    ["note"] = "",
                    ["decided_at"] = Time,
                });
            }
        }

        await database.Migrator.MigrateAsync(default);

        var keys = await db.ApiKeys.AsNoTracking().OrderBy(key => key.Id).ToListAsync();
        Assert.Equal(["alice", "alice", "alice", "alice", "bob", "", "", "", "", "", "", "", ""], keys.Select(key => key.Principal));
        Assert.Equal(["carol carol", "one alice", "third alice"], await DecisionsAsync(waits));
        Assert.Equal(["arm arm", "carol carol", "ci ci", "one alice", "robot robot", "third alice"], await DecisionsAsync(done));

        async Task<List<string>> DecisionsAsync(Guid id) => (await db.EnrolmentDecisions.AsNoTracking().Where(decision => decision.EnrolmentId == id).ToListAsync())
            .Select(decision => $"{decision.Actor} {decision.Principal}").Order(StringComparer.Ordinal).ToList();

        async Task InsertAsync(string table, Dictionary<string, object> row)
        {
            var values = row.Values.Select(value => value switch
            {
                Guid id when Kind == DatabaseKind.Sqlite => $"'{id.ToString().ToUpperInvariant()}'",
                string text when text == Binary => Kind == DatabaseKind.Sqlite ? "x'00'" : "'\\x00'::bytea",
                string text when text == Time => Kind == DatabaseKind.Sqlite ? "1" : "now()",
                string text when text is "true" or "1" && table == "enrolment_decisions" => text,
                _ => $"'{value}'",
            });
#pragma warning disable EF1002 // All of it stands above.
            await db.Database.ExecuteSqlRawAsync($"INSERT INTO {table} ({string.Join(", ", row.Keys)}) VALUES ({string.Join(", ", values)})");
#pragma warning restore EF1002
        }
    }

    private const string Binary = "(binary)";
    private const string Time = "(time)";
}
