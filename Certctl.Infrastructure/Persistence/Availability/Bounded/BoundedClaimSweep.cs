using Certctl.Infrastructure.Persistence.Journal;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>The sweep, given up while the database is known to hang.</summary>
internal sealed class BoundedClaimSweep(IClaimSweep inner, DatabaseAccess access) : IClaimSweep
{
    public Task<int> SweepAsync(CancellationToken cancellationToken) => access.RunAsync(() => inner.SweepAsync(cancellationToken));
}
