using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>One way to vouch for a device.</summary>
public interface IChallengeValidator
{
    /// <summary>This is the kind of proof that the request brings; asked in the order of registration, no I/O.</summary>
    bool Handles(IssuanceCommand command);

    Task<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken);
}

/// <summary>What a validator says.</summary>
public abstract record ChallengeVerdict
{
    private ChallengeVerdict()
    {
    }

    public sealed record Vouched(ChallengeGrant Grant) : ChallengeVerdict;

    public sealed record Rejected(EnrolmentFailure Failure) : ChallengeVerdict
    {
        public Rejected(FailureReason reason, string detail)
            : this(new EnrolmentFailure(reason, detail))
        {
        }
    }
}
