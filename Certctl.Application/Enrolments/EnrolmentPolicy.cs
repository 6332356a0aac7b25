using Certctl.Application.Challenges;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Application.Issuers;

namespace Certctl.Application.Enrolments;

/// <summary>What one endpoint grants, whatever protocol it speaks: who signs, which challenges count, within which limits.</summary>
public sealed class EnrolmentPolicy
{
    /// <summary>Regular expression of a <see cref="PathId"/>, without anchors; the root's is empty.</summary>
    public const string PathIdForm = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";

    /// <summary>
    /// The endpoint's segment of the URL; empty for the root. Part of every key by which requests and devices are recognised.
    /// </summary>
    public required string PathId { get; init; }

    /// <summary>Which <see cref="Domain.Profiles.CertificateProfile"/>.</summary>
    public required string CertificateProfileId { get; init; }

    /// <summary>Who signs, in its generations.</summary>
    public required IssuerGenerations Issuers { get; init; }

    /// <summary>The generation that issues now.</summary>
    public ICertificateIssuer Issuer => Issuers.Current;

    /// <summary>The kinds of challenge that it takes, in the order in which they are asked.</summary>
    public required IReadOnlyList<IChallengeValidator> Challenges { get; init; }

    public required EnrolmentLimits Limits { get; init; }

    public EnrolmentWindows Windows { get; init; } = new();

    /// <summary>
    /// Other protocols whose certificates of this path count here as its own do. Not one whose endpoint asks for no authentication: its
    /// certificates vouch for nothing.
    /// </summary>
    public IReadOnlyCollection<string> TakesCertificatesOf { get; init; } = [];

    public CompliancePolicy Compliance { get; init; } = CompliancePolicy.None;

    /// <summary>Its kind of this class; null: it does not take such challenges.</summary>
    public TKind? Find<TKind>()
        where TKind : class, IChallengeValidator => Challenges.OfType<TKind>().FirstOrDefault();
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

    /// <summary>How long a request waits for an operator, or for an issuer outside of this process.</summary>
    public TimeSpan Pending { get; init; } = TimeSpan.FromDays(7);
}
