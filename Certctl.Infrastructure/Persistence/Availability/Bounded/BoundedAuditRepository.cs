using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>The audit trail, within the request's deadline; lists within their own.</summary>
internal sealed class BoundedAuditRepository(IAuditRepository inner, DatabaseAccess access) : IAuditRepository
{
    public Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.AppendRefusalAsync(refusal, cancellationToken));

    public Task AppendAsync(AuditEvent act, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.AppendAsync(act, cancellationToken));

    public Task<AuditPage> ListAsync(AuditFilter filter, Guid? before, int skip, int limit, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.ListAsync(filter, before, skip, limit, cancellationToken));

    public IAsyncEnumerable<AuditEvent> StreamAsync(AuditFilter filter, CancellationToken cancellationToken) =>
        access.StreamAsync(inner.StreamAsync(filter, cancellationToken), cancellationToken);

    public Task<AuditEvent?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(id, cancellationToken));

    public Task<IReadOnlyList<AuditCount>> CountAsync(
        IReadOnlyList<string> actions, DateTimeOffset since, DateTimeOffset? until, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.CountAsync(actions, since, until, cancellationToken));
}
