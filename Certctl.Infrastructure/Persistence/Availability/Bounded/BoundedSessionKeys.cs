using Certctl.Application.Admin.Sessions;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Keys of sessions, within the request's deadline.</summary>
internal sealed class BoundedSessionKeys(ISessionKeys inner, DatabaseAccess access) : ISessionKeys
{
    public Task<IReadOnlyList<SessionKey>> ListAsync(CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ListAsync(cancellationToken));

    public Task AddAsync(SessionKey key, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.AddAsync(key, cancellationToken));
}
