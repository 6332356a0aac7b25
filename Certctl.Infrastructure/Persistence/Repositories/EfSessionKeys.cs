using Certctl.Application.Admin.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="ISessionKeys"/>
internal sealed class EfSessionKeys(IDbContextFactory<CertctlDbContext> contexts) : ISessionKeys
{
    public async Task<IReadOnlyList<SessionKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.SessionKeys.AsNoTracking().OrderBy(key => key.CreatedAt).ThenBy(key => key.Id).ToListAsync(cancellationToken);
    }

    public async Task AddAsync(SessionKey key, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.SessionKeys.Add(key);
        await db.SaveChangesAsync(cancellationToken);
    }
}
