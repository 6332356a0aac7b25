using System.Linq.Expressions;
using Certctl.Application.Enrolment;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <inheritdoc cref="IEnrolmentRepository"/>
internal sealed class EfEnrolmentRepository(IDbContextFactory<CertctlDbContext> contexts) : IEnrolmentRepository
{
    public async Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken)
    {
        var signer = signerKeySha256.ToArray();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.FindStoredAsync(
            enrolment => enrolment.PathId == pathId && enrolment.TransactionId == transactionId && enrolment.SignerKeySha256 == signer,
            cancellationToken);
    }

    public async Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Certificates.AsNoTracking()
            .SingleOrDefaultAsync(certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber, cancellationToken);
    }

    public async Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.FindAnswerAsync(requestKey, until, cancellationToken);
    }
}

/// <summary>Reads that journal and repository share.</summary>
internal static class StoredEnrolmentQueries
{
    /// <summary>The newest enrolment that fits, with its certificate once there is one: one query.</summary>
    public static async Task<StoredEnrolment?> FindStoredAsync(
        this CertctlDbContext db, Expression<Func<Domain.Enrolment.Enrolment, bool>> which, CancellationToken cancellationToken)
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
        return await db.FindStoredAsync(enrolment => enrolment.Id == answer.EnrolmentId, cancellationToken);
    }
}
