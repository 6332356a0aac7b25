using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfEnrolmentRepositoryTests(PostgresDatabases databases)
    : EfEnrolmentRepositoryTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfEnrolmentRepositoryTests(SqliteDatabases databases)
    : EfEnrolmentRepositoryTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfEnrolmentRepositoryTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    [Trait("Conformance", "S-R15")]
    public async Task A_transaction_is_found_by_its_requester_on_its_path_alone()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(entry, default);
        var (path, transaction, signer) = (entry.Enrolment.PathId, entry.Enrolment.TransactionId, entry.Enrolment.SignerKeySha256);

        var found = await database.Enrolments.FindByTransactionAsync(path, transaction, signer, default);

        Assert.Equal(entry.Enrolment.Id, found!.Enrolment.Id);
        Assert.Equal(entry.Certificate!.Der, found.Certificate!.Der);
        Assert.Null(await database.Enrolments.FindByTransactionAsync("other", transaction, signer, default));
        Assert.Null(await database.Enrolments.FindByTransactionAsync(path, new TransactionId("other"), signer, default));
        Assert.Null(await database.Enrolments.FindByTransactionAsync(path, transaction, new byte[32], default));
    }

    [Fact]
    public async Task Of_two_requests_in_one_transaction_the_newer_is_found()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var older = TestEntries.Pending(Now);
        var newer = TestEntries.Pending(Now);
        newer.Enrolment.SignerKeySha256.CopyTo(older.Enrolment.SignerKeySha256, 0);
        await database.Journal.CommitAsync(older, default);
        await database.AdvanceAsync(TimeSpan.FromMicroseconds(1));
        await database.Journal.CommitAsync(newer, default);

        var found = await database.Enrolments.FindByTransactionAsync(
            "corp", newer.Enrolment.TransactionId, newer.Enrolment.SignerKeySha256, default);

        Assert.Equal(newer.Enrolment.Id, found!.Enrolment.Id);
        Assert.Null(found.Certificate);
    }

    [Fact]
    public async Task A_certificate_is_found_with_its_revocation_as_it_stands_now()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(entry, default);
        var serial = entry.Certificate!.SerialNumber;
        Assert.False((await database.Enrolments.FindCertificateAsync("iss-local", serial, default))!.IsRevoked);
        Assert.Null(await database.Enrolments.FindCertificateAsync("iss-other", serial, default));

        await using var db = database.Open();
        (await db.Certificates.SingleAsync()).Revoke(RevocationReason.Superseded, Now);
        await db.SaveChangesAsync();

        var revoked = await database.Enrolments.FindCertificateAsync("iss-local", serial, default);
        Assert.Equal(Stored.Time(Now), revoked!.RevokedAt);
        Assert.Equal(RevocationReason.Superseded, revoked.RevocationReason);
    }
}
