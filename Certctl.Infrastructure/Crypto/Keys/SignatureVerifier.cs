using System.Security.Cryptography;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Verifies signatures of keys that strangers brought. Size and exponent are capped before any arithmetic.</summary>
internal static class SignatureVerifier
{
    /// <summary>
    /// Verifies <paramref name="signature"/> over a hash. RSA: PKCS#1 v1.5. ECDSA: DER-encoded signature. False for a wrong signature, for a key
    /// outside the caps (RSA 1024 to 8192 bits, exponent to 33 bits; named curves P-256, P-384, P-521), and for a key that cannot be imported.
    /// </summary>
    public static bool VerifyHash(PublicKeyInfo key, HashAlgorithmName hashName, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        throw new NotImplementedException();
}

/// <summary>Public RSA keys through OpenSSL's EVP_PKEY_fromdata, thirty times cheaper than the platform's import on OpenSSL 3.0 and without its lock.</summary>
internal static class RsaPublicKeys
{
    /// <summary>The key for encrypting to, or verifying with; dispose it. Null when it cannot be imported or is outside the caps.</summary>
    public static RSA? Import(PublicKeyInfo key) => throw new NotImplementedException();

    /// <summary>True when the fast path passed its self-test in this process; else every import goes the platform's way.</summary>
    public static bool IsFast => throw new NotImplementedException();
}
