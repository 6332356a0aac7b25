using Certctl.Api.Configuration.Scep;
using Certctl.Application.Challenges;
using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Challenges.Static;

namespace Certctl.Api.Hosting;

/// <summary>The challenge kinds of a SCEP profile, in the order in which they are asked.</summary>
internal static class ConfiguredChallenges
{
    /// <param name="anchors">The connectors that the profile believes; null where it takes no signed challenges.</param>
    public static IReadOnlyList<IChallengeValidator> Of(ScepProfileOptions profile, ITrustAnchors? anchors, IntuneCounters counters) => Of(
        profile.ChallengeMode,
        new StaticChallengeValidator(profile.Challenge, profile.PreviousChallenge),
        profile.Intune is { } intune && anchors is not null
            ? new IntuneSettings(anchors, intune.Audience, intune.ChallengeValidity, intune.ClockSkew, intune.PerDeviceLimit)
            : null,
        counters);

    // A renewal comes first: it is recognised by its signer, and asks the others for the challenge that it may carry.
    public static IReadOnlyList<IChallengeValidator> Of(
        ChallengeMode mode, StaticChallengeValidator secrets, IntuneSettings? signed, IntuneCounters counters) => (mode, signed) switch
        {
            (ChallengeMode.StaticOnly, _) => [new RenewalProof(), secrets],
            (ChallengeMode.Mixed, not null) =>
                [new RenewalProof(), new IntuneChallengeValidator(signed, counters, takesAll: false), secrets],
            (ChallengeMode.IntuneOnly, not null) => [new RenewalProof(), new IntuneChallengeValidator(signed, counters, takesAll: true)],
            _ => throw new InvalidOperationException($"A SCEP profile with CHALLENGE_MODE {mode} has no settings for signed challenges."),
        };
}
