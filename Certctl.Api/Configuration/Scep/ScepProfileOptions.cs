using Certctl.Api.Configuration.Compliance;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Scep;

/// <summary>One SCEP profile.</summary>
public sealed record ScepProfileOptions
{
    /// <summary>Lower-case; empty for the root.</summary>
    public required string PathId { get; init; }

    public required string IssuerId { get; init; }

    /// <summary>Id of the certificate profile.</summary>
    public required string CertificateProfileId { get; init; }

    /// <summary>Null where signed challenges alone are taken.</summary>
    public required Secret? Challenge { get; init; }

    public Secret? PreviousChallenge { get; init; }

    /// <summary>One pair or more: certificate and key paths, in the order of the setting.</summary>
    public required IReadOnlyList<RaPairPaths> RaPairs { get; init; }

    /// <summary>Likewise below the next CA; empty when none is staged.</summary>
    public IReadOnlyList<RaPairPaths> NextRaPairs { get; init; } = [];

    public IReadOnlyList<string> ExtraCapabilities { get; init; } = [];

    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(1);

    public bool RenewalMayChangeName { get; init; }

    public TimeSpan PendingWindow { get; init; } = TimeSpan.FromDays(7);

    public CryptoPolicy CryptoPolicy { get; init; } = CryptoPolicy.Compatible;

    /// <summary>PEM file with the CAs of its client certificates; null: not served at <c>/scep-mtls</c>.</summary>
    public string? MtlsBundlePath { get; init; }

    /// <summary>Null: no service is asked.</summary>
    public ComplianceOptions? Compliance { get; init; }

    public bool AllowRawCsr { get; init; } = true;

    public ChallengeMode ChallengeMode { get; init; } = ChallengeMode.StaticOnly;

    /// <summary>Null: signed challenges are not taken.</summary>
    public IntuneOptions? Intune { get; init; }

    /// <summary>What GetCACert hands out.</summary>
    public CaCertificateShape CaCertificates { get; init; } = CaCertificateShape.RaAndChain;

    public ReplyChain ReplyChain { get; init; } = ReplyChain.Leaf;
}

public sealed record RaPairPaths(string CertPath, string KeyPath);
