using Certctl.Application.Enrolment;
using Certctl.Application.Enrolment.Compliance;
using Certctl.Application.Intune;
using Certctl.Application.Scep.Mtls;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Scep;

/// <summary>One SCEP endpoint as configured and checked at start: who signs, under which policy, who is let in.</summary>
public sealed class ScepProfile
{
    private volatile Challenges _challenges = new(null, null);

    /// <summary>Segment after <c>/scep/</c>; empty for the root.</summary>
    public required string PathId { get; init; }

    /// <summary>Regular expression of a PathID, without anchors; the root profile's is empty.</summary>
    public const string PathIdForm = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";

    public required ICertificateIssuer Issuer { get; init; }

    /// <summary>The CA that follows, once it is staged: it issues to who encrypts to its RA (RFC 8894 §5.1).</summary>
    public ICertificateIssuer? NextIssuer { get; init; }

    public IEnumerable<ICertificateIssuer> Issuers => NextIssuer is null ? [Issuer] : [Issuer, NextIssuer];

    /// <summary>Which <see cref="Domain.Profiles.CertificateProfile"/>.</summary>
    public required string CertificateProfileId { get; init; }

    /// <summary>Which challenges it takes.</summary>
    public ChallengeMode ChallengeMode { get; init; } = ChallengeMode.StaticOnly;

    /// <summary>The challengePassword that devices must present; null: there is none. Counts for nothing in <see cref="ChallengeMode.IntuneOnly"/>.</summary>
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

    /// <summary>A reload puts both in place of those that are there.</summary>
    public void ExchangeChallenges(Secret? current, Secret? previous) => _challenges = new Challenges(current, previous);

    /// <summary>What opens a request that is encrypted with a challenge: only secrets that are known before it is read, and none where signed challenges alone count.</summary>
    public EnvelopePasswords EnvelopePasswords =>
        ChallengeMode == ChallengeMode.IntuneOnly ? default : EnvelopePasswords.Of(BothChallenges);

    /// <summary>How signed challenges are judged; null: they are not taken.</summary>
    public IntuneSettings? Intune { get; init; }

    /// <summary>Who is asked whether the device may have a certificate today.</summary>
    public IComplianceHook Compliance { get; init; } = AlwaysCompliant.Instance;

    /// <summary>What happens when that cannot be asked.</summary>
    public ComplianceOnError ComplianceOnError { get; init; } = ComplianceOnError.Deny;

    /// <summary>The lines of GetCACaps.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Life of a certificate where the certificate profile does not shorten it.</summary>
    public required TimeSpan LeafValidity { get; init; }

    /// <summary>How long the same request is answered with the same certificate.</summary>
    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a request waits for an operator.</summary>
    public TimeSpan PendingWindow { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A renewal may ask for another subject or other SANs.</summary>
    public bool RenewalMayChangeName { get; init; }

    /// <summary>Whose client certificates are let in at <c>/scep-mtls</c>; null: this profile is not served there.</summary>
    public IClientTrust? ClientTrust { get; init; }

    /// <summary>A PKCS#10 in the clear is served too (ADR 14).</summary>
    public bool AllowRawCsr { get; init; } = true;

    /// <summary>What a device of this claim may have in 24 hours; null: any number.</summary>
    public DeviceBudget? BudgetOf(string subject, string issuer) =>
        Intune is { PerDeviceLimit: > 0 and var limit } ? DeviceBudget.Of(PathId, subject, issuer, limit) : null;

    /// <summary>Verifies, decrypts, signs and encrypts with this profile's RA keys.</summary>
    public required IScepCodec Codec { get; init; }

    private sealed record Challenges(Secret? Current, Secret? Previous);
}
