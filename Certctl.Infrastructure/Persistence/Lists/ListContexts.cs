using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>
/// Contexts for lists, totals and exports. On PostgreSQL they have a connection pool of their own, so that a long search, or an export that
/// is not read, takes no connection from devices.
/// </summary>
internal sealed class ListContexts(IDbContextFactory<CertctlDbContext> contexts)
{
    public Task<CertctlDbContext> CreateAsync(CancellationToken cancellationToken) => contexts.CreateDbContextAsync(cancellationToken);
}
