using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>Compliant today? A repeat is not asked again: it will be answered as before, whatever holds today.</summary>
public sealed class ComplianceHookBehavior<TCommand, TOutcome>(ComplianceInquiry inquiry) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.IsRepeat)
            return null;
        var allows = context.Policy.Compliance.OnError == ComplianceOnError.Allow;
        var (note, passes, isOutage) = await inquiry.AskAsync(command, cancellationToken) switch
        {
            ComplianceVerdict.NotAsked => (null, true, false),
            ComplianceVerdict.Compliant(var reason) => (Said("compliant", reason), true, false),
            ComplianceVerdict.NotCompliant(var reason) => (Said("not compliant", reason), false, false),
            ComplianceVerdict.Unavailable(var detail) =>
                (Said(allows ? "unavailable, let through" : "unavailable", detail), allows, true),
            _ => throw new InvalidOperationException("A compliance verdict is one of four."),
        };
        if (!passes)
            return new EnrolmentFailure(FailureReason.ComplianceFailed, note!) { IsOutage = isOutage };
        context.ComplianceNote = note;
        return null;
    }

    private static string Said(string verdict, string words) =>
        words.Length == 0 ? $"compliance: {verdict}" : $"compliance: {verdict}: {words}";
}
