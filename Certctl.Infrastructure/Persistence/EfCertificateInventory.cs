using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <inheritdoc cref="ICertificateInventory"/>
internal sealed class EfCertificateInventory(IDbContextFactory<CertctlDbContext> contexts) : ICertificateInventory
{
    public async Task<CertificatePage> ListAsync(
        CertificateFilter filter, DateTimeOffset now, CertificateMark? before, int skip, int limit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var wanted = Matching(db.Certificates.AsNoTracking(), filter, now);
        var page = before is { } last
            ? wanted.Where(certificate => certificate.CreatedAt < last.CreatedAt || (certificate.CreatedAt == last.CreatedAt && certificate.SerialNumber.CompareTo(last.SerialNumber) < 0))
            : wanted;
        var certificates = await page.OrderByDescending(certificate => certificate.CreatedAt).ThenByDescending(certificate => certificate.SerialNumber)
            .Skip(skip).Take(limit + 1).ToListAsync(cancellationToken);
        return new CertificatePage([.. certificates.Take(limit)], await wanted.LongCountAsync(cancellationToken), certificates.Count > limit);
    }

    public async Task<IssuedCertificate?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Certificates.AsNoTracking()
            .FirstOrDefaultAsync(certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber, cancellationToken);
    }

    public async IAsyncEnumerable<IssuedCertificate> ListRevokedAsync(
        string issuerId, DateTimeOffset revokedUntil, DateTimeOffset endsAfter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var revoked = db.Certificates.AsNoTracking()
            .Where(certificate => certificate.IssuerId == issuerId && certificate.RevokedAt <= revokedUntil && certificate.NotAfter > endsAfter)
            .OrderBy(certificate => certificate.RevokedAt).ThenBy(certificate => certificate.SerialNumber);
        await foreach (var certificate in revoked.AsAsyncEnumerable().WithCancellation(cancellationToken))
            yield return certificate;
    }

    public Task<RevocationVerdict> RevokeAsync(
        string issuerId, string serialNumber, RevocationReason reason, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken)
    {
        // A hold put on hold again is no change; every other reason ends it for good.
        var mayReplace = reason != RevocationReason.CertificateHold;
        return ChangeAsync(
            issuerId,
            serialNumber,
            (certificates, bounded) => certificates
                .Where(certificate => certificate.RevokedAt == null || (mayReplace && certificate.RevocationReason == RevocationReason.CertificateHold))
                .ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.RevokedAt, at).SetProperty(certificate => certificate.RevocationReason, reason), bounded),
            audit,
            cancellationToken);
    }

    public Task<RevocationVerdict> ReleaseAsync(string issuerId, string serialNumber, AuditEvent audit, CancellationToken cancellationToken) => ChangeAsync(
        issuerId,
        serialNumber,
        (certificates, bounded) => certificates
            .Where(certificate => certificate.RevokedAt != null && certificate.RevocationReason == RevocationReason.CertificateHold)
            .ExecuteUpdateAsync(
                set => set.SetProperty(certificate => certificate.RevokedAt, (DateTimeOffset?)null).SetProperty(certificate => certificate.RevocationReason, (RevocationReason?)null), bounded),
        audit,
        cancellationToken);

    /// <summary>One conditional statement decides, so of two at once one wins; its audit event is in the same transaction.</summary>
    private async Task<RevocationVerdict> ChangeAsync(
        string issuerId,
        string serialNumber,
        Func<IQueryable<IssuedCertificate>, CancellationToken, Task<int>> change,
        AuditEvent audit,
        CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var one = db.Certificates.Where(certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber);
        if (await change(one, cancellationToken) == 0)
        {
            return await one.AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } stored
                ? new RevocationVerdict.Refused(stored.RevocationReason, stored.RevokedAt)
                : new RevocationVerdict.Unknown();
        }

        db.AuditEvents.Add(audit);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RevocationVerdict.Done();
    }

    private static IQueryable<IssuedCertificate> Matching(IQueryable<IssuedCertificate> certificates, CertificateFilter filter, DateTimeOffset now)
    {
        certificates = filter.Status switch
        {
            CertificateStatus.Active => certificates.Where(certificate => certificate.RevokedAt == null && certificate.NotAfter > now),
            CertificateStatus.Expired => certificates.Where(certificate => certificate.RevokedAt == null && certificate.NotAfter <= now),
            CertificateStatus.Revoked => certificates.Where(certificate => certificate.RevokedAt != null && certificate.RevocationReason != RevocationReason.CertificateHold),
            CertificateStatus.OnHold => certificates.Where(certificate => certificate.RevokedAt != null && certificate.RevocationReason == RevocationReason.CertificateHold),
            _ => certificates,
        };
        if (filter.IssuerId is { } issuer)
            certificates = certificates.Where(certificate => certificate.IssuerId == issuer);
        if (filter.ProfileId is { } profile)
            certificates = certificates.Where(certificate => certificate.ProfileId == profile);
        if (filter.PathId is { } path)
            certificates = certificates.Where(certificate => certificate.PathId == path);
        if (filter.Source is { } source)
            certificates = certificates.Where(certificate => certificate.Source == source);
        if (filter.SerialNumber is { } serial)
            certificates = certificates.Where(certificate => certificate.SerialNumber == serial);
        if (filter.ExpiresBefore is { } expiresBefore)
            certificates = certificates.Where(certificate => certificate.NotAfter < expiresBefore);
        if (filter.ExpiresAfter is { } expiresAfter)
            certificates = certificates.Where(certificate => certificate.NotAfter >= expiresAfter);
        if (filter.CreatedAfter is { } createdAfter)
            certificates = certificates.Where(certificate => certificate.CreatedAt >= createdAfter);
        if (filter.CreatedBefore is { } createdBefore)
            certificates = certificates.Where(certificate => certificate.CreatedAt < createdBefore);
        return filter.Text is { } text ? Containing(certificates, text.ToLowerInvariant()) : certificates;
    }

    // Not by LIKE: what somebody looks for may hold its wildcards. The names stand as a JSON list, on SQLite with what is no ASCII escaped.
#pragma warning disable CA1862 // EF translates this form to SQL and no overload with a StringComparison.
    private static IQueryable<IssuedCertificate> Containing(IQueryable<IssuedCertificate> certificates, string text)
    {
        var json = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
        var ascii = JsonEncodedText.Encode(text).ToString().ToLowerInvariant();
        return certificates.Where(certificate =>
            certificate.Subject.ToLower().Contains(text)
            || ((string)(object)certificate.SubjectAltNames).ToLower().Contains(json)
            || ((string)(object)certificate.SubjectAltNames).ToLower().Contains(ascii));
    }
#pragma warning restore CA1862
}
