using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>What the audit trail says about reloads.</summary>
internal static class ReloadLines
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The lines, oldest first, once there are <paramref name="count"/>: they are written after the fact.</summary>
    public static async Task<List<AuditEvent>> ReloadLinesAsync(this IServiceProvider database, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await using var db = await database.GetRequiredService<IDbContextFactory<CertctlDbContext>>()
                .CreateDbContextAsync(patience.Token);
            var lines = await db.AuditEvents.AsNoTracking().Where(line => line.Action == AuditAction.ConfigurationReloaded)
                .OrderBy(line => line.Id).ToListAsync(patience.Token);
            if (lines.Count >= count)
                return lines;
            await Task.Delay(50, patience.Token);
        }
    }
}
