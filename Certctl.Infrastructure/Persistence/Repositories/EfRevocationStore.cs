using System.Runtime.CompilerServices;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IRevocationStore"/>
internal sealed class EfRevocationStore(IDbContextFactory<CertctlDbContext> contexts, ListContexts lists) : IRevocationStore
{
    public async Task<long> EpochAsync(string issuerId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.RevocationEpochs.Where(epoch => epoch.IssuerId == issuerId).Select(epoch => epoch.Epoch)
            .FirstOrDefaultAsync(cancellationToken);
    }

    public async Task<CertificateStanding?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var one = await db.Certificates.AsNoTracking()
            .Where(certificate => certificate.IssuerId == issuerId && certificate.SerialNumber == serialNumber)
            .Select(certificate => new
            {
                certificate.AuthorityKeyId,
                certificate.NotAfter,
                certificate.RevokedAt,
                certificate.RevocationReason,
                certificate.InvalidSince,
                Der = certificate.AuthorityKeyId == "" ? certificate.Der : null,
            })
            .FirstOrDefaultAsync(cancellationToken);
        return one is null
            ? null
            : new CertificateStanding(
                one.Der is null ? one.AuthorityKeyId : KeyIdOf(one.Der), one.NotAfter, one.RevokedAt, one.RevocationReason)
            {
                InvalidSince = one.InvalidSince,
            };
    }

    public async IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, DateTimeOffset endsAfter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        var revoked = db.Certificates.AsNoTracking()
            .Where(certificate => certificate.IssuerId == issuerId && certificate.RevokedAt != null && certificate.NotAfter > endsAfter)
            .Where(certificate => certificate.AuthorityKeyId == keyId || certificate.AuthorityKeyId == "")
            .OrderBy(certificate => certificate.RevokedAt).ThenBy(certificate => certificate.SerialNumber)
            .Select(certificate => new
            {
                certificate.SerialNumber,
                certificate.RevokedAt,
                certificate.RevocationReason,
                certificate.InvalidSince,
                Der = certificate.AuthorityKeyId == "" ? certificate.Der : null,
            });
        await foreach (var one in revoked.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (one.Der is null || KeyIdOf(one.Der) == keyId)
                yield return new(one.SerialNumber, one.RevokedAt!.Value, one.RevocationReason ?? RevocationReason.Unspecified)
                {
                    InvalidSince = one.InvalidSince,
                };
        }
    }

    public async IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, string partition, DateTimeOffset endsAfter,
            [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        var revoked = db.Certificates.AsNoTracking()
            .Where(certificate => certificate.CrlPartition == partition && certificate.RevokedAt != null)
            .Where(certificate => certificate.IssuerId == issuerId && certificate.AuthorityKeyId == keyId
                && certificate.NotAfter > endsAfter)
            .OrderBy(certificate => certificate.RevokedAt).ThenBy(certificate => certificate.SerialNumber)
            .Select(certificate => new
            {
                certificate.SerialNumber,
                certificate.RevokedAt,
                certificate.RevocationReason,
                certificate.InvalidSince,
            });
        await foreach (var one in revoked.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            yield return new(one.SerialNumber, one.RevokedAt!.Value, one.RevocationReason ?? RevocationReason.Unspecified)
            {
                InvalidSince = one.InvalidSince,
            };
        }
    }

    public async IAsyncEnumerable<RevokedCertificate> ListChangedAsync(
        string issuerId, string keyId, DateTimeOffset since, DateTimeOffset endsAfter,
            [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        var changed = db.Certificates.AsNoTracking()
            .Where(certificate => certificate.IssuerId == issuerId && certificate.NotAfter > endsAfter)
            .Where(certificate => certificate.AuthorityKeyId == keyId || certificate.AuthorityKeyId == "")
            .Where(certificate => certificate.RevokedAt >= since || (certificate.RevokedAt == null && certificate.ReleasedAt >= since))
            .OrderBy(certificate => certificate.SerialNumber)
            .Select(certificate => new
            {
                certificate.SerialNumber,
                certificate.RevokedAt,
                certificate.ReleasedAt,
                certificate.RevocationReason,
                certificate.InvalidSince,
                Der = certificate.AuthorityKeyId == "" ? certificate.Der : null,
            });
        await foreach (var one in changed.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (one.Der is not null && KeyIdOf(one.Der) != keyId)
                continue;
            yield return one.RevokedAt is { } at
                ? new(one.SerialNumber, at, one.RevocationReason ?? RevocationReason.Unspecified) { InvalidSince = one.InvalidSince }
                : new(one.SerialNumber, one.ReleasedAt!.Value, Reason: null);
        }
    }

    // Those of a build that did not note the CA count too: the CRL then goes on for longer than it must, never for less.
    public async Task<DateTimeOffset?> FindLastEndAsync(string keyId, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        DateTimeOffset? last = null;
        foreach (var authority in new[] { keyId, "" })
        {
            if (await LastUpTo(db, authority).FirstOrDefaultAsync(cancellationToken) is { } found && found.AuthorityKeyId == authority
                && !(found.NotAfter <= last))
                last = found.NotAfter;
        }

        return last;
    }

    /// <summary>The certificate that ends last, of this CA or, where it has none, of another.</summary>
    // One entry of an index. With "=" PostgreSQL may read the index over notAfter alone instead, past all certificates of later CAs.
    internal static IQueryable<AuthorityEnd> LastUpTo(CertctlDbContext db, string keyId) => db.Certificates
        .Where(certificate => string.Compare(certificate.AuthorityKeyId, keyId) <= 0)
        .OrderByDescending(certificate => certificate.AuthorityKeyId).ThenByDescending(certificate => certificate.NotAfter)
        .Select(certificate => new AuthorityEnd(certificate.AuthorityKeyId, certificate.NotAfter))
        .Take(1);

    // Of a build that did not note it.
    private static string KeyIdOf(byte[] der) =>
        CertificateReader.FindAuthorityKeyIdentifier(der) is { } key ? Convert.ToHexStringLower(key.Span) : "";
}

/// <summary>When a certificate of a CA ends.</summary>
internal sealed record AuthorityEnd(string AuthorityKeyId, DateTimeOffset NotAfter);
