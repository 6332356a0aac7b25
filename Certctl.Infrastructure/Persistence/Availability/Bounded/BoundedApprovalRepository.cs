using Certctl.Application.Admin.Approvals;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Approvals, within the request's deadline.</summary>
internal sealed class BoundedApprovalRepository(IApprovalRepository inner, DatabaseAccess access) : IApprovalRepository
{
    public Task<DecisionVerdict> DecideAsync(EnrolmentDecision decision, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.DecideAsync(decision, audit, cancellationToken));

    public Task<IReadOnlyList<ApprovalView>> ListAsync(bool all, int limit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ListAsync(all, limit, cancellationToken));

    public Task<int> CountWaitingAsync(CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.CountWaitingAsync(cancellationToken));
}
