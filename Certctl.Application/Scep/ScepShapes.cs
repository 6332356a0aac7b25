namespace Certctl.Application.Scep;

/// <summary>
/// What GetCACert hands out (RFC 8894 §4.2.1). Without RA certificates the CA must be its own RA: devices encrypt to what they are shown.
/// </summary>
public enum CaCertificateShape
{
    /// <summary>The RA certificates, the issuing CA, the CAs above it up to the root.</summary>
    RaAndChain,

    /// <summary>The RA certificates and the issuing CA.</summary>
    RaAndIssuer,

    /// <summary>The issuing CA and the CAs above it up to the root.</summary>
    Chain,

    /// <summary>The issuing CA alone.</summary>
    Issuer,
}

/// <summary>What a SUCCESS carries in its envelope, the issued certificate first (RFC 8894 §3.3.2.1).</summary>
public enum ReplyChain
{
    /// <summary>The issued certificate alone.</summary>
    Leaf,

    /// <summary>The issuing CA behind it.</summary>
    LeafAndIssuer,

    /// <summary>The issuing CA and the CAs above it up to the root behind it.</summary>
    Chain,
}
