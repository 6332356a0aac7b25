using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>What one endpoint grants, whatever protocol it speaks: who signs, which challenges count, within which limits.</summary>
public sealed class EnrolmentPolicy
{
    private volatile Challenges _challenges = new(null, null);

    /// <summary>
    /// The endpoint's segment of the URL; empty for the root. Part of every key by which requests and devices are recognised.
    /// </summary>
    public required string PathId { get; init; }

    /// <summary>Which <see cref="Domain.Profiles.CertificateProfile"/>.</summary>
    public required string CertificateProfileId { get; init; }

    public required ICertificateIssuer Issuer { get; init; }

    /// <summary>The CA that follows, once it is staged (RFC 8894 §5.1).</summary>
    public ICertificateIssuer? NextIssuer { get; init; }

    public IEnumerable<ICertificateIssuer> Issuers => NextIssuer is null ? [Issuer] : [Issuer, NextIssuer];

    /// <summary>Which challenges it takes.</summary>
    public ChallengeMode ChallengeMode { get; init; } = ChallengeMode.StaticOnly;

    /// <summary>
    /// The challengePassword that devices must present; null: there is none. Not used in <see cref="ChallengeMode.IntuneOnly"/>.
    /// </summary>
    public required Secret? Challenge
    {
        get => _challenges.Current;
        init => _challenges = _challenges with { Current = value };
    }

    /// <summary>Still accepted while a new one is rolled out; null when there is none.</summary>
    public Secret? PreviousChallenge
    {
        get => _challenges.Previous;
        init => _challenges = _challenges with { Previous = value };
    }

    /// <summary>Both as they are at one moment: of two reads, a reload between them would mix the old pair with the new.</summary>
    internal (Secret? Current, Secret? Previous) BothChallenges
    {
        get
        {
            var both = _challenges;
            return (both.Current, both.Previous);
        }
    }

    /// <summary>A reload replaces both.</summary>
    public void ExchangeChallenges(Secret? current, Secret? previous) => _challenges = new Challenges(current, previous);

    /// <summary>How signed challenges are judged; null: they are not taken.</summary>
    public IntuneSettings? Intune { get; init; }

    public required EnrolmentLimits Limits { get; init; }

    public EnrolmentWindows Windows { get; init; } = new();

    public CompliancePolicy Compliance { get; init; } = CompliancePolicy.None;

    /// <summary>What a device of this claim may have in 24 hours; null: any number.</summary>
    public DeviceBudget? BudgetOf(string subject, string issuer) =>
        Intune is { PerDeviceLimit: > 0 and var limit } ? DeviceBudget.Of(PathId, subject, issuer, limit) : null;

    private sealed record Challenges(Secret? Current, Secret? Previous);
}

/// <summary>What an endpoint allows beside its certificate profile.</summary>
/// <param name="LeafValidity">Validity of a certificate where the certificate profile does not shorten it.</param>
public sealed record EnrolmentLimits(TimeSpan LeafValidity)
{
    /// <summary>A renewal may ask for another subject or other SANs.</summary>
    public bool RenewalMayChangeName { get; init; }
}

/// <summary>How long requests are remembered.</summary>
public sealed record EnrolmentWindows
{
    /// <summary>How long the same request is answered with the same certificate.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a request waits for an operator.</summary>
    public TimeSpan Pending { get; init; } = TimeSpan.FromDays(7);
}
