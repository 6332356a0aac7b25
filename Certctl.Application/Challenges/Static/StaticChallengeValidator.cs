using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.Static;

/// <summary>RFC 8894 §2.4: the profile's shared secret as challengePassword, the current one or, while it is being replaced, the one before.</summary>
public sealed class StaticChallengeValidator : IChallengeValidator
{
    public bool Handles(IssuanceCommand command) => true;

    public Task<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        Task.FromResult(Validate(command.Context.Policy, command.Csr.ChallengePassword));

    internal static ChallengeVerdict Validate(EnrolmentPolicy policy, Secret? presented)
    {
        if (presented is null)
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeMissing, "no challengePassword attribute, or a blank one");
        if (policy.ChallengeMode == ChallengeMode.IntuneOnly)
        {
            throw new InvalidOperationException(
                $"SCEP profile \"{policy.PathId}\" takes signed challenges alone; none may be compared with a secret.");
        }

        // Both are compared whatever the first says: the time does not tell which one was right.
        var secrets = policy.BothChallenges;
        var current = secrets.Current?.Matches(presented) ?? false;
        var previous = secrets.Previous?.Matches(presented) ?? false;
        if (!current && !previous)
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeWrong, "challengePassword matches neither the current nor a previous secret");
        return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Static, current ? "current" : "previous"));
    }
}
