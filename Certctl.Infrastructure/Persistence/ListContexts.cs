using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// Contexts for lists, totals and exports. On PostgreSQL their connections are a pool of their own: whoever searches for long, or fetches an export and does not
/// read it, takes none from devices.
/// </summary>
internal sealed class ListContexts(IDbContextFactory<CertctlDbContext> contexts)
{
    public Task<CertctlDbContext> CreateAsync(CancellationToken cancellationToken) => contexts.CreateDbContextAsync(cancellationToken);
}
