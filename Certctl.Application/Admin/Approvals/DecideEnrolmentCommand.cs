using System.Globalization;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolment;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Approvals;

/// <summary>A person approves or denies a request that waits. One denial ends it; the certificate profile says how many approvals it takes.</summary>
/// <param name="Note">The person's own words, for other people; empty when there are none.</param>
/// <param name="Origin">The door that the person came through, for the audit trail.</param>
public sealed record DecideEnrolmentCommand(Guid EnrolmentId, bool Approve, string Actor, string Note, string Origin) : AdminCommand(Actor, Origin);

public sealed class DecideEnrolmentValidator : AbstractValidator<DecideEnrolmentCommand>
{
    private const int MaxActor = 255;
    private const int MaxNote = 1000;

    public DecideEnrolmentValidator()
    {
        RuleFor(c => c.Actor).Must(actor => !string.IsNullOrWhiteSpace(actor) && actor.Length <= MaxActor && !actor.Any(IsUnseen))
            .WithMessage($"actor: 1 to {MaxActor} characters, none of them invisible or a control character");
        RuleFor(c => c.Note).MaximumLength(MaxNote).WithMessage($"note: at most {MaxNote} characters");
    }

    // One person must not count as two by what nobody sees.
    private static bool IsUnseen(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;
}

public sealed class DecideEnrolmentHandler(IApprovalRepository approvals, TimeProvider clock) : IRequestHandler<DecideEnrolmentCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(DecideEnrolmentCommand request, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var decision = new EnrolmentDecision
        {
            EnrolmentId = request.EnrolmentId,
            Actor = request.Actor.Trim(),
            Approved = request.Approve,
            Note = request.Note,
            DecidedAt = now,
        };
        return await approvals.DecideAsync(decision, Audit(request, now), cancellationToken) switch
        {
            DecisionVerdict.Counted(var approved, var required) => new AdminOutcome.Done(
                !request.Approve ? "denied" : approved < required ? $"approval {approved} of {required}; it still waits" : $"approved ({approved} of {required})"),
            DecisionVerdict.Unknown => new AdminOutcome.NotFound($"There is no request {request.EnrolmentId}."),
            DecisionVerdict.NotWaiting(var state) => new AdminOutcome.Conflict($"The request waits no longer: it is {state.ToString().ToLowerInvariant()}."),
            DecisionVerdict.DecidedBefore => new AdminOutcome.Conflict($"{decision.Actor} has decided about this request before; another person must."),
            _ => throw new InvalidOperationException("A verdict is one of four."),
        };
    }

    private static AuditEvent Audit(DecideEnrolmentCommand request, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = request.Actor.Trim(),
        ActorType = "User",
        Action = request.Approve ? AuditAction.EnrolmentApproved : AuditAction.EnrolmentDenied,
        Outcome = AuditOutcome.Done,
        Detail = request.Note.Length == 0 ? request.Origin : $"{request.Origin}: {request.Note}",
        ResourceType = "enrolment",
        ResourceId = request.EnrolmentId.ToString(),
    };
}
