using System.Numerics;
using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>Which public keys may be certified, and for what.</summary>
internal static class KeyPolicy
{
    public const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;
    private const int MostExponentBits = 33;

    private static readonly Dictionary<string, int> Curves = new(StringComparer.Ordinal)
    {
        ["1.2.840.10045.3.1.7"] = 256,
        ["1.3.132.0.34"] = 384,
        ["1.3.132.0.35"] = 521,
    };

    // The primes below 200: a modulus that one of them divides was never two large primes.
    private static readonly BigInteger SmallPrimes = Enumerable.Range(3, 197)
        .Where(n => Enumerable.Range(2, n - 2).TakeWhile(d => d * d <= n).All(d => n % d != 0))
        .Aggregate(BigInteger.One, (product, prime) => product * prime);

    /// <summary>Why the key must not be certified, or null.</summary>
    public static string? FindDefect(PublicKeyInfo key, IReadOnlyList<KeyAlgorithmRule> rules) => key.Algorithm switch
    {
        KeyAlgorithm.Rsa => FindRsaDefect(key) ?? FindRuleDefect(key, rules),
        KeyAlgorithm.Ecdsa => FindCurveDefect(key) ?? FindRuleDefect(key, rules),
        KeyAlgorithm.Ed25519 => FindRuleDefect(key, rules),
        KeyAlgorithm.Other => "the key is of no known algorithm",
    };

    /// <summary>RFC 5280 §4.2.1.3: what the key can do. Keys are encrypted to RSA keys alone.</summary>
    public static KeyUsages UsageOf(PublicKeyInfo key, IReadOnlyList<string> ekus) =>
        KeyUsages.DigitalSignature
        | (key.Algorithm == KeyAlgorithm.Rsa ? KeyUsages.KeyEncipherment : KeyUsages.None)
        | (ekus.Contains("emailProtection") ? KeyUsages.ContentCommitment : KeyUsages.None);

    private static string? FindRuleDefect(PublicKeyInfo key, IReadOnlyList<KeyAlgorithmRule> rules) =>
        rules.Any(rule => rule.Algorithm == key.Algorithm && (key.Algorithm == KeyAlgorithm.Ed25519 || key.Bits >= rule.MinSize))
            ? null
            : $"{key.Describe()} is not among the key algorithms of the profile";

    private static string? FindRsaDefect(PublicKeyInfo key)
    {
        if (key.Bits is < LeastRsaBits or > MostRsaBits)
            return $"an RSA key of {key.Bits} bits; {LeastRsaBits} to {MostRsaBits} are accepted";
        var exponent = new BigInteger(key.Exponent.Span, isUnsigned: true, isBigEndian: true);
        if (exponent.IsEven || exponent < 3 || exponent.GetBitLength() > MostExponentBits)
            return "an RSA public exponent that is even, below 3 or above 33 bits";
        var modulus = new BigInteger(key.Modulus.Span, isUnsigned: true, isBigEndian: true);
        return modulus.IsEven || !BigInteger.GreatestCommonDivisor(modulus, SmallPrimes).IsOne ? "an RSA modulus with a tiny factor" : null;
    }

    // RFC 5480 §2.1.1: named curves only.
    private static string? FindCurveDefect(PublicKeyInfo key) =>
        key.CurveOid is { } oid && Curves.TryGetValue(oid, out var bits) && bits == key.Bits ? null : $"{key.Describe()} is not supported";
}
