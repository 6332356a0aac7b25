namespace Certctl.Application.Scep;

public static class ScepProtocol
{
    /// <summary>How journal, certificates and the compliance service name the protocol.</summary>
    public const string Name = "SCEP";
}

/// <summary>RFC 8894 §3.2.1.2.</summary>
public enum MessageType
{
    CertRep = 3,
    RenewalReq = 17,
    PkcsReq = 19,
    GetCertInitial = 20,
    GetCert = 21,
    GetCrl = 22,
}

/// <summary>RFC 8894 §3.2.1.3.</summary>
public enum PkiStatus
{
    Success = 0,
    Failure = 2,
    Pending = 3,
}

/// <summary>RFC 8894 §3.5.2, Table 7; names and order are what GetCACaps lists.</summary>
public static class ScepCapability
{
    public const string PostPkiOperation = "POSTPKIOperation";
    public const string Sha1 = "SHA-1";
    public const string Sha256 = "SHA-256";
    public const string Sha384 = "SHA-384";
    public const string Sha512 = "SHA-512";
    public const string Aes = "AES";
    public const string Des3 = "DES3";
    public const string ScepStandard = "SCEPStandard";
    public const string Renewal = "Renewal";
    public const string GetNextCaCert = "GetNextCACert";

    /// <summary>What a profile lists unless its policy says otherwise: the upstream product's six lines in its order.</summary>
    public static readonly IReadOnlyList<string> Default = [PostPkiOperation, Sha256, Sha512, Aes, ScepStandard, Renewal];

    /// <summary>What a profile may add, because it works.</summary>
    public static readonly IReadOnlyList<string> Extra = [Sha384, Des3, Sha1];
}
