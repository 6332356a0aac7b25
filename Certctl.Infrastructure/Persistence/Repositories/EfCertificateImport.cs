using Certctl.Application.Admin.Import;
using Certctl.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="ICertificateImport"/>
internal sealed class EfCertificateImport(IDbContextFactory<CertctlDbContext> contexts) : ICertificateImport
{
    public async Task<int> AddAsync(
        IReadOnlyList<ForeignCertificate> certificates, Func<int, int, AuditEvent> audit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var issuer = certificates[0].Certificate.IssuerId;
        var serials = certificates.Select(one => one.Certificate.SerialNumber).ToList();
        var present = (await db.Certificates.Where(known => known.IssuerId == issuer && serials.Contains(known.SerialNumber))
            .Select(known => known.SerialNumber).ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var fresh = certificates.Where(one => present.Add(one.Certificate.SerialNumber)).ToList();
        if (fresh.Count == 0)
            return 0;
        foreach (var one in fresh)
        {
            // EF Core writes the field behind it, which is made at the first look.
            _ = one.Certificate.NameSha256;
            db.Certificates.Add(one.Certificate);
        }

        await db.SaveChangesAsync(cancellationToken);

        // A change of its own: the revocation epoch rises with it, and CRL and OCSP follow.
        var revoked = fresh.Where(one => one.RevokedAt is not null).ToList();
        foreach (var one in revoked)
            one.Certificate.Revoke(one.Reason, one.RevokedAt!.Value);
        db.AuditEvents.Add(audit(fresh.Count, revoked.Count));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return fresh.Count;
    }
}
