using System.Runtime.CompilerServices;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <inheritdoc cref="ICertificateRepository"/>
internal sealed class EfCertificateRepository(IDbContextFactory<CertctlDbContext> contexts) : ICertificateRepository
{
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
}
