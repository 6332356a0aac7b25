namespace Certctl.Application.Challenges.SignedToken;

/// <summary>How a SCEP profile judges signed challenges.</summary>
/// <param name="Anchors">The connectors that it believes.</param>
/// <param name="Audience">What claim <c>aud</c> must be, to the letter; null: it is not looked at.</param>
/// <param name="ChallengeValidity">How old a challenge may be, by its <c>iat</c>; above zero.</param>
/// <param name="ClockSkew">How far the connector's clock may be off; below the validity.</param>
/// <param name="PerDeviceLimit">Certificates for one device in 24 hours; 0: any number.</param>
public sealed record IntuneSettings(ITrustAnchors Anchors, string? Audience, TimeSpan ChallengeValidity, TimeSpan ClockSkew, int PerDeviceLimit);

/// <summary>Which challenges a SCEP profile takes.</summary>
public enum ChallengeMode
{
    /// <summary>The shared secret alone.</summary>
    StaticOnly,

    /// <summary>What looks like a signed challenge is judged as one; anything else is compared with the shared secret.</summary>
    Mixed,

    /// <summary>Signed challenges alone; a shared secret counts for nothing.</summary>
    IntuneOnly,
}
