namespace Certctl.Domain.Enrolments;

/// <summary>How a device was vouched for: the word that journal and audit keep.</summary>
public enum ChallengeKind
{
    /// <summary>The profile's shared challengePassword.</summary>
    Static,

    /// <summary>A valid certificate of this profile's issuer signed the request.</summary>
    Renewal,

    /// <summary>A challenge that a Microsoft Intune connector signed for this device.</summary>
    Intune,

    /// <summary>A TLS client certificate that the endpoint's trust bundle vouches for, and whose names the request has.</summary>
    ClientCertificate,

    /// <summary>Operators alone: every such request waits for them.</summary>
    Approval,

    /// <summary>The endpoint asks for nothing, and says so in its settings.</summary>
    Anonymous,
}
