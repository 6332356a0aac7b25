using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>What early check and commit say alike.</summary>
internal static class IntuneRefusals
{
    public static EnrolmentFailure Replayed(Guid by) => new(FailureReason.IntuneReplay, $"the challenge was used by enrolment {by}, for another request");

    public static EnrolmentFailure BudgetSpent(int limit, DateTimeOffset from) =>
        new(FailureReason.IntuneRateLimited, $"the device has had {limit} certificates in 24 hours; the next is allowed at {from:O}") { AllowedFrom = from };
}
