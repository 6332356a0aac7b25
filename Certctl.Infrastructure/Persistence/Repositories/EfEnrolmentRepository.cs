using System.Linq.Expressions;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IEnrolmentRepository"/>
internal sealed class EfEnrolmentRepository(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock) : IEnrolmentRepository
{
    public async Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken)
    {
        var signer = signerKeySha256.ToArray();
        StoredEnrolment? stored;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            stored = await db.FindStoredAsync(
                enrolment => enrolment.PathId == pathId && enrolment.TransactionId == transactionId && enrolment.SignerKeySha256 == signer,
                cancellationToken);
        }

        return stored?.Enrolment is { State: EnrolmentState.Pending } or { IsReserved: true }
            ? stored.At(await clock.ReadAsync(cancellationToken))
            : stored;
    }

    public async Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Certificates.AsNoTracking()
            .SingleOrDefaultAsync(
                certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber, cancellationToken);
    }

    public async Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, TimeSpan margin, CancellationToken cancellationToken)
    {
        var until = await clock.ReadAsync(cancellationToken) + margin;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.FindAnswerAsync(requestKey, until, cancellationToken);
    }

    public async Task<SpentChallenge?> FindUseAsync(ChallengeUse use, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.FindUseAsync(use, cancellationToken);
    }

    public async Task<IReadOnlyDictionary<string, int>> CountUsesAsync(CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.ChallengeUses.Where(use => use.KeptUntil > now)
            .Join(db.Enrolments, use => use.EnrolmentId, enrolment => enrolment.Id, (use, enrolment) => enrolment.PathId)
            .GroupBy(pathId => pathId).Select(path => new { path.Key, Count = path.Count() })
            .ToDictionaryAsync(path => path.Key, path => path.Count, cancellationToken);
    }

    public async Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.FindNextAllowedAsync(budget, now, cancellationToken);
    }
}

/// <summary>Reads that journal and repository share.</summary>
internal static class StoredEnrolmentQueries
{
    /// <summary>The newest enrolment that fits, with its certificate once there is one: one query.</summary>
    public static async Task<StoredEnrolment?> FindStoredAsync(
        this CertctlDbContext db, Expression<Func<Enrolment, bool>> which, CancellationToken cancellationToken)
    {
        var newest = db.Enrolments.AsNoTracking().Where(which)
            .OrderByDescending(enrolment => enrolment.CreatedAt).ThenByDescending(enrolment => enrolment.Id).Take(1);
        var found = await (
            from enrolment in newest
            join certificate in db.Certificates.AsNoTracking()
                on new { enrolment.IssuerId, enrolment.SerialNumber }
                equals new { IssuerId = (string?)certificate.IssuerId, SerialNumber = (string?)certificate.SerialNumber } into certificates
            from certificate in certificates.DefaultIfEmpty()
            select new { enrolment, certificate }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : new StoredEnrolment(found.enrolment, found.certificate);
    }

    /// <summary>What answers the request of this key beyond <paramref name="until"/>, or null.</summary>
    public static async Task<StoredEnrolment?> FindAnswerAsync(
        this CertctlDbContext db, byte[] requestKey, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var answer = await db.EnrolmentAnswers.AsNoTracking().SingleOrDefaultAsync(a => a.RequestKey == requestKey, cancellationToken);
        if (answer is null || answer.HeldUntil <= until)
            return null;
        return (await db.FindStoredAsync(enrolment => enrolment.Id == answer.EnrolmentId, cancellationToken))?.At(until);
    }

    /// <summary>
    /// The use as the journal claimed it, or the enrolment that it brought, which stays when the claim is swept:
    /// whatever the time, used is used.
    /// </summary>
    public static async Task<SpentChallenge?> FindUseAsync(this CertctlDbContext db, ChallengeUse use, CancellationToken cancellationToken)
    {
        var (key, token) = (use.Key, use.TokenSha256);
        var claimed = db.ChallengeUses.AsNoTracking().Where(claim => claim.UseKey == key)
            .Join(db.Enrolments, claim => claim.EnrolmentId, enrolment => enrolment.Id, (claim, enrolment) =>
                new { enrolment.Id, enrolment.PathId, claim.CsrSha256 });
        var brought = db.Enrolments.AsNoTracking().Where(enrolment => enrolment.TokenSha256 == token)
            .Select(enrolment => new { enrolment.Id, enrolment.PathId, enrolment.CsrSha256 });
        var spent = await claimed.Concat(brought).OrderBy(one => one.Id).FirstOrDefaultAsync(cancellationToken);
        return spent is null ? null : new SpentChallenge(spent.Id, spent.PathId, spent.CsrSha256);
    }

    /// <summary>Null while fewer certificates than the limit are 24 hours old or younger; else when enough of them will be older.</summary>
    public static async Task<DateTimeOffset?> FindNextAllowedAsync(
        this CertctlDbContext db, DeviceBudget budget, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var opens = now - DeviceBudget.Window;
        var taken = await db.DeviceSlots.AsNoTracking().Where(slot => slot.DeviceKey == budget.Key && slot.TakenAt > opens)
            .OrderBy(slot => slot.TakenAt).Select(slot => slot.TakenAt).ToListAsync(cancellationToken);
        return taken.Count < budget.Limit ? null : taken[taken.Count - budget.Limit] + DeviceBudget.Window;
    }
}
