using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="ICertificateInventory"/>
internal sealed class EfCertificateInventory(IDbContextFactory<CertctlDbContext> contexts, ListContexts lists, TimeProvider clock)
    : ICertificateInventory
{
    private readonly CertificateTotals _totals = new(lists, clock);

    public async Task<CertificatePage> ListAsync(
        CertificateFilter filter, DateTimeOffset now, CertificateMark? before, int skip, int limit, CancellationToken cancellationToken)
    {
        var settled = await _totals.SettleAsync(filter, cancellationToken);
        await using var db = await lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        var total = await CertificateTotals.CountAsync(db, filter, settled, now, cancellationToken);
        var window = PageWindow.Of(total.Count, skip, limit);
        if (total.Count == 0 || window.Take <= 0)
            return new CertificatePage([], total.Count, HasMore: skip < total.Count);
        var wanted = db.Matching(filter, textByIndex: filter.Status != CertificateStatus.OnHold).Standing(filter.Status, now).Within(total);
        if (before is { } last)
            wanted = wanted.Where(certificate => certificate.CreatedAt < last.CreatedAt
                || (certificate.CreatedAt == last.CreatedAt && certificate.SerialNumber.CompareTo(last.SerialNumber) < 0));
        if (before is not null || !window.Reversed)
        {
            var newest = await wanted.OrderByDescending(certificate => certificate.CreatedAt)
                .ThenByDescending(certificate => certificate.SerialNumber)
                .Skip(skip).Take(limit + 1).ToListAsync(cancellationToken);
            return new CertificatePage([.. newest.Take(limit)], total.Count, newest.Count > limit);
        }

        var oldest = await wanted.OrderBy(certificate => certificate.CreatedAt).ThenBy(certificate => certificate.SerialNumber)
            .Skip(window.Skip).Take(window.Take).ToListAsync(cancellationToken);
        oldest.Reverse();
        return new CertificatePage(oldest, total.Count, window.Skip > 0);
    }

    public async Task<IssuedCertificate?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Certificates.AsNoTracking()
            .FirstOrDefaultAsync(
                certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber, cancellationToken);
    }

    public Task<RevocationVerdict> RevokeAsync(
        string issuerId,
        string serialNumber,
        RevocationReason reason,
        DateTimeOffset at,
        DateTimeOffset? invalidSince,
        AuditEvent audit,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            issuerId,
            serialNumber,
            (certificates, bounded) => certificates.RevokeAsync(reason, at, invalidSince, bounded),
            audit,
            cancellationToken);

    public Task<RevocationVerdict> ReleaseAsync(
        string issuerId, string serialNumber, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken) =>
        ChangeAsync(
            issuerId,
            serialNumber,
            (certificates, bounded) => certificates
                .Where(certificate => certificate.RevokedAt != null && certificate.RevocationReason == RevocationReason.CertificateHold)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(certificate => certificate.RevokedAt, (DateTimeOffset?)null)
                        .SetProperty(certificate => certificate.RevocationReason, (RevocationReason?)null)
                        .SetProperty(certificate => certificate.InvalidSince, (DateTimeOffset?)null)
                        .SetProperty(certificate => certificate.ReleasedAt, at), bounded),
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
        await using var transaction = await db.BeginRevocationAsync(cancellationToken);
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
}
