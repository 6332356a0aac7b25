using System.Data.Common;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolment;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Availability;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>Name servers that fail: Npgsql then throws a SocketException as it is, and here it is an outage of the database like any other.</summary>
public sealed class UnresolvedHostTests
{
    private const string Nowhere = "Host=no-such-host.invalid;Database=certctl;Username=certctl;Password=hunter2";

    public static TheoryData<string> Ways => [.. Asked.Keys];

    private static Dictionary<string, Func<TestDatabase, Task>> Asked { get; } = new(StringComparer.Ordinal)
    {
        ["answer"] = database => database.Enrolments.FindAnswerAsync([1], TimeSpan.Zero, default),
        ["transaction"] = database => database.Enrolments.FindCertificateAsync("iss-local", "01", default),
        ["commit"] = database => database.Journal.CommitAsync(TestEntries.Issued(TestDatabase.Start), default),
        ["profile"] = database => database.Profiles.FindAsync(CertificateProfile.DefaultId, fresh: true, default),
        ["profile by hand"] = database => database.Profiles.ExistsAsync(CertificateProfile.DefaultId, default),
        ["pending gauge"] = database => database.Get<IApprovalRepository>().CountWaitingAsync(default),
        ["sweep"] = database => database.Get<IClaimSweep>().SweepAsync(default),
        ["API key"] = database => database.Get<IApiKeyRepository>().FindAsync("k", default),
        ["certificate"] = database => database.Get<ICertificateInventory>().FindAsync("iss-local", "01", default),
        ["CRL"] = async database =>
        {
            await foreach (var revoked in database.Get<ICertificateInventory>().ListRevokedAsync("iss-local", TestDatabase.Start, TestDatabase.Start, default))
                Assert.Null(revoked);
        },
        ["list"] = database => database.Get<IAuditRepository>().ListAsync(new AuditFilter(), null, 0, 10, default),
        ["audit"] = database => database.Get<IAuditRepository>().AppendAsync(TestEntries.Audit(TestDatabase.Start, null), default),
        ["clock"] = database => database.Get<DatabaseClock>().ReadAsync(default),
        ["readiness"] = database => database.Get<IDatabaseReadiness>().AskAsync(),
        ["migrator"] = database => database.Migrator.MigrateAsync(default),
        ["ping"] = database => database.Migrator.PingAsync(default),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Whatever_asks_the_database_meets_an_outage_of_the_database(string way)
    {
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, Nowhere);

        var outage = await Assert.ThrowsAnyAsync<DbException>(() => Asked[way](database));

        Assert.Equal(DatabaseFaultKind.Unresolved, DatabaseFault.KindOf(outage));
        Assert.True(SessionFaults.IsOfServer(outage));
    }

    [Fact]
    public async Task A_new_password_that_cannot_be_tried_is_taken() =>
        Assert.Null(await new DatabaseLogin(Nowhere).FindProblemAsync(Nowhere.Replace("hunter2", "hunter3", StringComparison.Ordinal), default));
}
