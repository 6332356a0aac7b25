using Certctl.Application.Admin.Probes;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Kept probes, within the request's deadline; asking another server has bounds of its own.</summary>
internal sealed class BoundedScepProbes(IScepProbes inner, DatabaseAccess access) : IScepProbes
{
    public Task<ScepProbing> AskAsync(Uri target, CancellationToken cancellationToken) => inner.AskAsync(target, cancellationToken);

    public Task KeepAsync(ScepProbeResult result, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.KeepAsync(result, audit, cancellationToken));

    public Task<ScepProbeResult?> FindAsync(string id, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(id, cancellationToken));

    public Task<IReadOnlyList<ScepProbeResult>> ListAsync(int limit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ListAsync(limit, cancellationToken));
}
