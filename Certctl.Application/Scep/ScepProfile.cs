using Certctl.Application.Challenges.Static;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;

namespace Certctl.Application.Scep;

/// <summary>One SCEP endpoint as configured and checked at start: its policy, and what only SCEP needs beside it.</summary>
public sealed class ScepProfile
{
    public required EnrolmentPolicy Policy { get; init; }

    /// <summary>Segment after <c>/scep/</c>; empty for the root.</summary>
    public string PathId => Policy.PathId;

    /// <summary>
    /// What opens a request that is encrypted with a challenge: only secrets that are known before it is read, and none where they do not
    /// count as a challenge.
    /// </summary>
    public EnvelopePasswords EnvelopePasswords => EnvelopePasswords.Of(Policy.Find<StaticChallengeValidator>()?.Secrets ?? default);

    /// <summary>The lines of GetCACaps.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Whose client certificates are let in at <c>/scep-mtls</c>; null: this profile is not served there.</summary>
    public IClientTrust? ClientTrust { get; init; }

    /// <summary>A PKCS#10 in the clear is served too (ADR 14).</summary>
    public bool AllowRawCsr { get; init; } = true;

    /// <summary>Verifies, decrypts, signs and encrypts with this profile's RA keys.</summary>
    public required IScepCodec Codec { get; init; }
}
