using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Journal;

public sealed class PostgresSupersessionTests(PostgresDatabases databases) : SupersessionTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteSupersessionTests(SqliteDatabases databases) : SupersessionTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>A certificate profile that limits how many certificates of one name are valid at once.</summary>
public abstract class SupersessionTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task The_oldest_beyond_the_limit_are_revoked_and_audited_with_the_new_one()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var issued = new List<JournalEntry>();
        for (var day = 0; day < 4; day++)
            issued.Add(await CommitAsync(database, TestEntries.Issued(Now.AddDays(day)) with { MaxActiveCertificates = day < 3 ? 3 : 2 }));
        await CommitAsync(database, TestEntries.Issued(Now));

        await using var db = database.Open();
        var revoked = await db.Certificates.Where(certificate => certificate.RevokedAt != null)
            .OrderBy(certificate => certificate.CreatedAt).ToListAsync();
        Assert.Equal(issued[..2].Select(entry => entry.Certificate!.SerialNumber), revoked.Select(certificate => certificate.SerialNumber));
        Assert.All(revoked, certificate => Assert.Equal(RevocationReason.Superseded, certificate.RevocationReason));
        var audits = await db.AuditEvents.Where(audit => audit.Action == AuditAction.CertificateRevoked).ToListAsync();
        Assert.Equal(revoked.Select(certificate => certificate.SerialNumber).Order(), audits.Select(audit => audit.SerialNumber!).Order());
        Assert.All(audits, audit => Assert.Equal($"superseded by {issued[3].Certificate!.SerialNumber}", audit.Detail));
    }

    [Fact]
    public async Task Other_names_other_profiles_and_the_expired_are_not_superseded()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await CommitAsync(database, Named("CN=other", TestEntries.Issued(Now)));
        await CommitAsync(database, TestEntries.Issued(Now.AddDays(-91)));
        await CommitAsync(database, Named("", TestEntries.Issued(Now), "DNS:a.example"));
        await CommitAsync(database, Named("", TestEntries.Issued(Now), "DNS:b.example") with { MaxActiveCertificates = 1 });
        await CommitAsync(database, TestEntries.Issued(Now) with { MaxActiveCertificates = 1 });

        await using var db = database.Open();
        Assert.Equal(0, await db.Certificates.CountAsync(certificate => certificate.RevokedAt != null));
    }

    [Fact]
    public async Task Another_path_is_not_superseded_whatever_names_it_vouches_for()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await CommitAsync(database, TestEntries.Issued(Now));
        await using (var before = database.Open())
            await before.Certificates.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.PathId, "guest"));
        await CommitAsync(database, TestEntries.Issued(Now.AddSeconds(1)) with { MaxActiveCertificates = 1 });

        await using var db = database.Open();
        Assert.Equal(0, await db.Certificates.CountAsync(certificate => certificate.RevokedAt != null));
    }

    [Fact]
    public async Task The_signer_of_a_renewal_stays_before_what_the_device_may_never_have_received()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var signer = await CommitAsync(database, TestEntries.Issued(Now));
        var renewed = signer.Certificate!.SerialNumber;
        var lost = await CommitAsync(
            database, TestEntries.Issued(Now.AddSeconds(1), vouchedBy: renewed) with { MaxActiveCertificates = 2 });
        await CommitAsync(database, TestEntries.Issued(Now.AddSeconds(2), vouchedBy: renewed) with { MaxActiveCertificates = 2 });

        await using var db = database.Open();
        Assert.Equal(
            lost.Certificate!.SerialNumber, (await db.Certificates.SingleAsync(certificate => certificate.RevokedAt != null)).SerialNumber);
    }

    [Fact]
    public async Task What_is_on_hold_is_superseded_first_so_that_its_release_brings_back_none_beyond_the_limit()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var older = await CommitAsync(database, TestEntries.Issued(Now));
        var held = (await CommitAsync(database, TestEntries.Issued(Now.AddSeconds(1)))).Certificate!.SerialNumber;
        await using (var before = database.Open())
            await before.Certificates.Where(one => one.SerialNumber == held).ExecuteUpdateAsync(
                set => set.SetProperty(one => one.RevokedAt, Now)
                    .SetProperty(one => one.RevocationReason, RevocationReason.CertificateHold));
        await CommitAsync(database, TestEntries.Issued(Now.AddSeconds(2)) with { MaxActiveCertificates = 2 });

        await using var db = database.Open();
        var revoked = await db.Certificates.SingleAsync(one => one.RevokedAt != null);
        Assert.Equal((held, RevocationReason.Superseded), (revoked.SerialNumber, revoked.RevocationReason));
        Assert.NotEqual(held, older.Certificate!.SerialNumber);
    }

    [Fact]
    public async Task Many_at_once_for_one_name_leave_one()
    {
        if (!IsAvailable)
            return;
        await using var one = await OpenAsync();
        await using var other = OpenBeside(one);
        await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => Task.Run(
                () => CommitAsync(i % 2 == 0 ? one : other, TestEntries.Issued(Now.AddSeconds(i)) with { MaxActiveCertificates = 1 }))));

        await using var db = one.Open();
        Assert.Equal(20, await db.Certificates.CountAsync());
        Assert.Equal(1, await db.Certificates.CountAsync(certificate => certificate.RevokedAt == null));
        Assert.Equal(19, await db.AuditEvents.CountAsync(audit => audit.Action == AuditAction.CertificateRevoked));
    }

    [Fact]
    public async Task A_request_that_is_answered_already_revokes_nothing()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var first = await CommitAsync(database, TestEntries.Issued(Now) with { MaxActiveCertificates = 1 });
        var again = TestEntries.Issued(Now, first.RequestKey) with { MaxActiveCertificates = 1 };
        Assert.IsType<JournalVerdict.AlreadyAnswered>(await database.Journal.CommitAsync(again, default));

        await using var db = database.Open();
        Assert.Null((await db.Certificates.SingleAsync()).RevokedAt);
    }

    private static async Task<JournalEntry> CommitAsync(TestDatabase database, JournalEntry entry)
    {
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));
        return entry;
    }

    private static JournalEntry Named(string subject, JournalEntry entry, params string[] names)
    {
        var old = entry.Certificate!;
        return entry with
        {
            Certificate = new IssuedCertificate
            {
                IssuerId = old.IssuerId,
                SerialNumber = old.SerialNumber,
                ProfileId = old.ProfileId,
                PathId = old.PathId,
                Source = old.Source,
                Subject = subject,
                CommonName = null,
                SubjectAltNames = names,
                NotBefore = old.NotBefore,
                NotAfter = old.NotAfter,
                KeyAlgorithm = old.KeyAlgorithm,
                PublicKeySha256 = old.PublicKeySha256,
                Sha256 = old.Sha256,
                Der = old.Der,
                CreatedAt = old.CreatedAt,
            },
        };
    }
}
