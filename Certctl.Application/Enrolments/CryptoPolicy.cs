using System.Security.Cryptography;

namespace Certctl.Application.Enrolments;

/// <summary>Which algorithms an endpoint takes, from strict to lax: each policy takes what the one before it takes, and more.</summary>
public enum CryptoPolicy
{
    /// <summary>AES-CBC; SHA-256, SHA-384 and SHA-512.</summary>
    Modern,

    /// <summary>Also 3DES and SHA-1, which Apple's devices and many printers start with.</summary>
    Compatible,

    /// <summary>Also single DES and MD5, for named devices that know nothing else.</summary>
    Legacy,
}

/// <summary>The table behind the names: what each policy takes.</summary>
public static class CryptoPolicies
{
    /// <summary>Whether messages, requests, their signatures and RSAES-OAEP may use the digest.</summary>
    public static bool Takes(this CryptoPolicy policy, HashAlgorithmName digest) => digest.Name switch
    {
        "SHA256" or "SHA384" or "SHA512" => true,
        "SHA1" => policy >= CryptoPolicy.Compatible,
        "MD5" => policy >= CryptoPolicy.Legacy,
        _ => false,
    };

    /// <summary>Whether envelopes may use the content encryption.</summary>
    /// <param name="policy">Of the endpoint.</param>
    /// <param name="cipherOid">Dotted.</param>
    public static bool Takes(this CryptoPolicy policy, string cipherOid) => cipherOid switch
    {
        // RFC 3565 §4.1: AES-CBC with 128, 192 and 256 bits.
        "2.16.840.1.101.3.4.1.2" or "2.16.840.1.101.3.4.1.22" or "2.16.840.1.101.3.4.1.42" => true,

        // RFC 3370 §5.1: three-key 3DES.
        "1.2.840.113549.3.7" => policy >= CryptoPolicy.Compatible,

        // desCBC of OIW.
        "1.3.14.3.2.7" => policy >= CryptoPolicy.Legacy,
        _ => false,
    };
}
