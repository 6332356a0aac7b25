using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Admin.Approvals;

/// <summary>
/// An operator approves or denies a waiting request. One denial ends it; the certificate profile says how many approvals it takes.
/// </summary>
/// <param name="Note">Free text for other operators; empty when there is none.</param>
public sealed record DecideEnrolmentCommand(Guid EnrolmentId, bool Approve, string Note, AdminCaller Caller) : AdminCommand(Caller);

public sealed class DecideEnrolmentValidator : AdminCommandValidator<DecideEnrolmentCommand>
{
    public DecideEnrolmentValidator() => RuleForNote(c => c.Note);
}

public sealed class DecideEnrolmentHandler(IApprovalRepository approvals, DatabaseClock clock)
    : IRequestHandler<DecideEnrolmentCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(DecideEnrolmentCommand request, CancellationToken cancellationToken)
    {
        // Of several keys of one name, an earlier version did not say which made this one. Then it may be a second key of a person
        // who has approved already.
        if (request.Approve && string.IsNullOrWhiteSpace(request.Caller.Principal))
        {
            return new AdminOutcome.Conflict(
                $"It is not known who made the API key {request.Caller.Actor}, so it cannot approve; make another key for this person.");
        }

        var now = await clock.NowAsync(cancellationToken);
        var decision = new EnrolmentDecision
        {
            EnrolmentId = request.EnrolmentId,
            Actor = request.Caller.Actor.Trim(),
            Principal = request.Caller.Principal.Trim(),
            Approved = request.Approve,
            Note = request.Note,
            DecidedAt = now,
        };
        var audit = AdminTrail.Event(
            request.Caller, request.Approve ? AuditAction.EnrolmentApproved : AuditAction.EnrolmentDenied, "enrolment",
            request.EnrolmentId.ToString(), request.Note, now);
        return await approvals.DecideAsync(decision, audit, cancellationToken) switch
        {
            DecisionVerdict.Counted(var approved, var required) => new AdminOutcome.Done(
                !request.Approve
                    ? "denied"
                    : approved < required ? $"approval {approved} of {required}; it still waits" : $"approved ({approved} of {required})"),
            DecisionVerdict.Unknown => new AdminOutcome.NotFound($"There is no request {request.EnrolmentId}."),
            DecisionVerdict.NotWaiting(var state) =>
                new AdminOutcome.Conflict($"The request waits no longer: it is {state.ToString().ToLowerInvariant()}."),
            DecisionVerdict.DecidedBefore(var actor) when string.Equals(actor, decision.Actor, StringComparison.OrdinalIgnoreCase) =>
                new AdminOutcome.Conflict($"{decision.Actor} has decided about this request before; another person must."),
            DecisionVerdict.DecidedBefore(var actor) => new AdminOutcome.Conflict(
                $"{actor} has decided about this request before, and {decision.Principal} answers for both; another person must decide."),
            _ => throw new InvalidOperationException("A verdict is one of four."),
        };
    }
}
