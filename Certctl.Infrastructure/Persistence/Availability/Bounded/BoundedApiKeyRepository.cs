using Certctl.Application.Admin.ApiKeys;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>API keys, within the request's deadline.</summary>
internal sealed class BoundedApiKeyRepository(IApiKeyRepository inner, DatabaseAccess access) : IApiKeyRepository
{
    public Task<ApiKey?> FindAsync(string id, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(id, cancellationToken));

    public Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ListAsync(cancellationToken));

    public Task<bool> AddAsync(ApiKey key, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.AddAsync(key, audit, cancellationToken));

    public Task<bool> RevokeAsync(string id, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.RevokeAsync(id, at, audit, cancellationToken));

    public Task TouchAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.TouchAsync(id, at, cancellationToken));
}
