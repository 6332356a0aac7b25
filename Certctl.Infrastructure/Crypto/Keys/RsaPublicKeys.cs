using System.Runtime.Versioning;
using System.Security.Cryptography;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// Public RSA keys through OpenSSL's EVP_PKEY_fromdata, thirty times cheaper than the platform's import on OpenSSL 3.0 and without its
/// lock.
/// </summary>
internal static class RsaPublicKeys
{
    private const int MinBits = 1024;
    private const int MaxBits = 8192;
    private const int MaxExponentBits = 33;

    private static readonly Lazy<LibCrypto?> Fast = new(BindAndTest);

    /// <summary>True when the fast path passed its self-test in this process; else every import goes the platform's way.</summary>
    public static bool IsFast => Fast.Value is not null;

    /// <summary>
    /// The key for encrypting to, or verifying with; dispose it. Null when it cannot be imported or is outside the caps: 1024 to 8192 bits,
    /// an odd modulus, an odd exponent of 3 or more and 33 bits at most.
    /// </summary>
    public static RSA? Import(PublicKeyInfo key)
    {
        if (key.Algorithm != KeyAlgorithm.Rsa || key.Bits is < MinBits or > MaxBits
            || !IsOdd(key.Modulus.Span) || !IsAllowedExponent(key.Exponent.Span))
            return null;
        return OperatingSystem.IsLinux() && Fast.Value is { } fast ? ImportFast(fast, key) : ImportByPlatform(key);
    }

    internal static RSA? ImportByPlatform(PublicKeyInfo key)
    {
        var rsa = RSA.Create();
        try
        {
            rsa.ImportParameters(new RSAParameters { Modulus = key.Modulus.ToArray(), Exponent = key.Exponent.ToArray() });
            return rsa;
        }
        catch (CryptographicException)
        {
            // The platform's only way to say that it does not take this key, and that is an answer here.
            rsa.Dispose();
            return null;
        }
    }

    [SupportedOSPlatform("linux")]
    private static RSAOpenSsl? ImportFast(LibCrypto fast, PublicKeyInfo key)
    {
        using var handle = fast.ImportRsa(key.Modulus.Span, key.Exponent.Span);
        // RSAOpenSsl takes a reference of its own.
        return handle is null ? null : new RSAOpenSsl(handle);
    }

    private static bool IsOdd(ReadOnlySpan<byte> number) => !number.IsEmpty && (number[^1] & 1) != 0;

    // An exponent of 1 makes every signature its own proof; a large one makes one verification as dear as a thousand.
    private static bool IsAllowedExponent(ReadOnlySpan<byte> exponent) =>
        IsOdd(exponent)
        && !exponent.SequenceEqual((ReadOnlySpan<byte>)[1])
        && (exponent.Length * 8) - byte.LeadingZeroCount(exponent[0]) <= MaxExponentBits;

    private static LibCrypto? BindAndTest() =>
        OperatingSystem.IsLinux() && LibCrypto.TryBind() is { } library && RsaSelfTest.Passes(library) ? library : null;
}
