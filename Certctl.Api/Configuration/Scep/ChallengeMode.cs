namespace Certctl.Api.Configuration.Scep;

/// <summary>CHALLENGE_MODE: which challenges a SCEP profile takes.</summary>
public enum ChallengeMode
{
    /// <summary>The shared secret alone.</summary>
    StaticOnly,

    /// <summary>What looks like a signed challenge is judged as one; anything else is compared with the shared secret.</summary>
    Mixed,

    /// <summary>Signed challenges alone; a shared secret counts for nothing.</summary>
    IntuneOnly,
}
