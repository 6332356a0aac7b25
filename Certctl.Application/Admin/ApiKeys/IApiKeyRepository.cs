using Certctl.Domain.Audit;

namespace Certctl.Application.Admin.ApiKeys;

/// <summary>The keys that were made at run time. All processes on one database know the same ones at once.</summary>
public interface IApiKeyRepository
{
    /// <summary>As committed now; null: none.</summary>
    Task<ApiKey?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>All that ever were, newest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Keeps the key and appends the audit event in one transaction. False, and nothing is kept:
    /// an active key of its name has another role.
    /// </summary>
    Task<bool> AddAsync(ApiKey key, AuditEvent audit, CancellationToken cancellationToken);

    /// <summary>
    /// From now on the key is refused; the audit event is in the same transaction. False: it was so before, or there is none.
    /// </summary>
    Task<bool> RevokeAsync(string id, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken);

    /// <summary>The key was used at <paramref name="at"/>.</summary>
    Task TouchAsync(string id, DateTimeOffset at, CancellationToken cancellationToken);
}
