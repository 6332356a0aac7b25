using Certctl.Domain.Certificates;

namespace Certctl.Domain.Enrolments;

/// <summary>Who vouched for the device. Written once by the challenge dispatcher, read by everything after it.</summary>
/// <param name="Kind">How: the word that journal and audit keep.</param>
/// <param name="VouchedBy">Which secret, certificate or person: <c>current</c>, <c>previous</c>, a serial number; never the secret itself.</param>
/// <param name="Renews">The certificate of ours that the request renews; the certificate profile says when and how. Null for a first one.</param>
/// <param name="FirstAsked">When the journal got this request for the first time, of one that it knows; null for a new one.</param>
/// <param name="Claim">What a signed challenge says of the device; null where none came. A renewal may have one too.</param>
public sealed record ChallengeGrant(
    ChallengeKind Kind, string VouchedBy, IssuedCertificate? Renews = null, DateTimeOffset? FirstAsked = null, DeviceClaim? Claim = null);

/// <summary>The kinds of vouching.</summary>
public enum ChallengeKind
{
    /// <summary>The profile's shared challengePassword.</summary>
    Static,

    /// <summary>A valid certificate of this profile's issuer signed the request.</summary>
    Renewal,

    /// <summary>A challenge that a Microsoft Intune connector signed for this device.</summary>
    Intune,
}
