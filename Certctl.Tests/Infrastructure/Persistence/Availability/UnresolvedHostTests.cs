using System.Data.Common;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Publication;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>
/// Name servers that fail, and what else Npgsql lets pass on the way to the server: an outage of the database like any other.
/// </summary>
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
        ["pending gauge"] = database => database.Get<IApprovalRepository>().CountWaitingAsync(default),
        ["sweep"] = database => database.Get<IClaimSweep>().SweepAsync(default),
        ["API key"] = database => database.Get<IApiKeyRepository>().FindAsync("k", default),
        ["certificate"] = database => database.Get<ICertificateInventory>().FindAsync("iss-local", "01", default),
        ["CRL"] = async database =>
        {
            await foreach (var revoked in database.Get<IRevocationStore>().ListRevokedAsync("iss-local", "", TestDatabase.Start, default))
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
    public async Task What_the_driver_lets_pass_is_an_outage_whose_kind_is_known()
    {
        (Exception Fault, DatabaseFaultKind Kind)[] cases =
        [
            (new SocketException((int)SocketError.TryAgain), DatabaseFaultKind.Unresolved),
            (new TimeoutException(), DatabaseFaultKind.NoAnswer),
            (new AuthenticationException("not trusted"), DatabaseFaultKind.Tls),
            (new CryptographicException("no PEM"), DatabaseFaultKind.Tls),
            (new FileNotFoundException("no root.crt"), DatabaseFaultKind.Tls),
            (new UnauthorizedAccessException("client.key"), DatabaseFaultKind.Tls),
            (
                new NpgsqlException("Exception while reading from stream", new TimeoutException("Timeout during reading attempt")),
                DatabaseFaultKind.NoAnswer),
        ];
        foreach (var (fault, kind) in cases)
            Assert.Equal(kind, DatabaseFault.KindOf(
                await Assert.ThrowsAsync<NpgsqlException>(() => PostgresOpening.AsOutageAsync(Task.FromException(fault)))));
    }

    [Fact]
    public async Task EF_Core_opens_its_sessions_there_too()
    {
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, Nowhere);
        await using var db = database.Open();
        await using var lists = await database.Get<ListContexts>().CreateAsync(default);

        foreach (var context in new[] { db, lists })
            Assert.Contains(
                OpeningInterceptor.Instance, context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()!.Interceptors!);
    }

    [Fact]
    public async Task A_new_password_that_cannot_be_tried_is_taken() =>
        Assert.Null(
            await new DatabaseLogin(Nowhere).FindProblemAsync(Nowhere.Replace("hunter2", "hunter3", StringComparison.Ordinal), default));
}
