namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>Object identifiers of RFC 7030, RFC 9908 and what they refer to, dotted.</summary>
internal static class EstOid
{
    public const string ChallengePassword = "1.2.840.113549.1.9.7";
    public const string UnstructuredName = "1.2.840.113549.1.9.2";
    public const string UnstructuredAddress = "1.2.840.113549.1.9.8";
    public const string ExtensionRequest = "1.2.840.113549.1.9.14";

    /// <summary>id-aa-certificationRequestInfoTemplate and id-aa-extensionReqTemplate (RFC 9908 §6).</summary>
    public const string RequestTemplate = "1.2.840.113549.1.9.16.2.61";
    public const string ExtensionTemplate = "1.2.840.113549.1.9.16.2.62";

    public const string SubjectAltName = "2.5.29.17";
    public const string KeyUsage = "2.5.29.15";
    public const string ExtendedKeyUsage = "2.5.29.37";

    public const string RsaEncryption = "1.2.840.113549.1.1.1";
    public const string EcPublicKey = "1.2.840.10045.2.1";
    public const string Ed25519 = "1.3.101.112";

    /// <summary>smimeCapabilities (RFC 8551 §2.5.2).</summary>
    public const string SmimeCapabilities = "1.2.840.113549.1.9.15";

    /// <summary>id-aa-decryptKeyID (RFC 4108 §2.2.5) and id-aa-asymmDecryptKeyID (RFC 7030 §4.4.1.2).</summary>
    public const string DecryptKeyId = "1.2.840.113549.1.9.16.2.37";
    public const string AsymmetricDecryptKeyId = "1.2.840.113549.1.9.16.2.54";
}
