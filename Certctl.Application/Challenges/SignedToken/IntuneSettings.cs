namespace Certctl.Application.Challenges.SignedToken;

/// <summary>How a SCEP profile judges signed challenges.</summary>
/// <param name="Anchors">The connectors that it believes.</param>
/// <param name="Audience">What claim <c>aud</c> must be, to the letter; null: it is not looked at.</param>
/// <param name="ChallengeValidity">How old a challenge may be, by its <c>iat</c>; above zero.</param>
/// <param name="ClockSkew">How far the connector's clock may be off; below the validity.</param>
/// <param name="PerDeviceLimit">Certificates for one device in 24 hours; 0: any number.</param>
public sealed record IntuneSettings(
    ITrustAnchors Anchors, string? Audience, TimeSpan ChallengeValidity, TimeSpan ClockSkew, int PerDeviceLimit);
