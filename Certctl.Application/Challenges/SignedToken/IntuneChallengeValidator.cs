using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>
/// A challenge that a connector signed for this device. In a profile that takes them, whatever has their shape is judged here and nowhere else: one that
/// fails is never compared with the shared secret.
/// </summary>
public sealed class IntuneChallengeValidator : IChallengeValidator
{
    public bool Handles(IssuanceCommand command) => IsSigned(command.Context.Policy, command.Csr.ChallengePassword);

    public Task<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        Task.FromResult(Judge(command));

    /// <summary>Whether the challenge is to be judged as a signed one.</summary>
    internal static bool IsSigned(EnrolmentPolicy policy, Secret? challenge) => challenge is not null && policy.ChallengeMode switch
    {
        ChallengeMode.StaticOnly => false,
        ChallengeMode.Mixed => IntuneChallenge.HasShape(challenge),
        ChallengeMode.IntuneOnly => true,
    };

    /// <summary>The challenge by itself, and against the CSR; who signed the message is not looked at. Leaves its trace for the audit.</summary>
    internal static ChallengeVerdict Judge(IssuanceCommand command)
    {
        var context = command.Context;
        var settings = context.Policy.Intune
            ?? throw new InvalidOperationException(
                $"SCEP profile \"{context.Policy.PathId}\" takes signed challenges and has no settings for them.");
        var (token, claimed, failure) = IntuneChallenge.Verify(command.Csr.ChallengePassword!, settings, context.ReceivedAt);
        var claim = claimed is null ? null : new DeviceClaim(claimed.Issuer, claimed.Subject, claimed.DeviceName, token, claimed.ExpiresAt + settings.ClockSkew);
        context.Trace = new ChallengeTrace(token, claim);
        if ((failure ?? IntuneChallenge.FindMismatch(claimed!, command.Csr)) is { } refused)
            return new ChallengeVerdict.Rejected(refused);
        return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Intune, claim!.Issuer, Claim: claim));
    }
}
