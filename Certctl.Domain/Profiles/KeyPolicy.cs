using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles.Usages;

namespace Certctl.Domain.Profiles;

/// <summary>Which public keys may be certified, and for what.</summary>
internal static class KeyPolicy
{
    public const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;

    private static readonly Dictionary<string, int> Curves = new(StringComparer.Ordinal)
    {
        ["1.2.840.10045.3.1.7"] = 256,
        ["1.3.132.0.34"] = 384,
        ["1.3.132.0.35"] = 521,
    };

    /// <summary>Why a key of this kind and size must not be certified, or null.</summary>
    public static string? FindDefect(PublicKeyInfo key, IReadOnlyList<KeyAlgorithmRule> rules) => key.Algorithm switch
    {
        KeyAlgorithm.Rsa => FindSizeDefect(key) ?? FindRuleDefect(key, rules),
        KeyAlgorithm.Ecdsa => FindCurveDefect(key) ?? FindRuleDefect(key, rules),
        KeyAlgorithm.Ed25519 => FindRuleDefect(key, rules),
        KeyAlgorithm.Other => "the key is of no known algorithm",
    };

    /// <summary>Why a key of an allowed kind and size must not be certified all the same, or null.</summary>
    public static string? FindWeakness(PublicKeyInfo key) => key.Algorithm == KeyAlgorithm.Rsa ? RsaWeakness.Find(key) : null;

    /// <summary>
    /// RFC 5280 §4.2.1.3: what the profile chose, as far as the key can do it;
    /// without a choice by the kind of key, as keys are encrypted to RSA alone.
    /// </summary>
    /// <param name="ekus">Dotted OIDs.</param>
    public static KeyUsages UsageOf(KeyAlgorithm key, IReadOnlyList<string> ekus, IReadOnlyList<string> chosen) =>
        chosen.Count > 0 ? KeyUsageNames.Chosen(chosen, key) : KeyUsages.DigitalSignature
        | (key == KeyAlgorithm.Rsa ? KeyUsages.KeyEncipherment : KeyUsages.None)
        | (ekus.Contains(ExtendedKeyUsageNames.EmailProtection) ? KeyUsages.ContentCommitment : KeyUsages.None);

    private static string? FindRuleDefect(PublicKeyInfo key, IReadOnlyList<KeyAlgorithmRule> rules) =>
        rules.Any(rule => rule.Algorithm == key.Algorithm && (key.Algorithm == KeyAlgorithm.Ed25519 || key.Bits >= rule.MinSize))
            ? null
            : $"{key.Describe()} is not among the key algorithms of the profile";

    private static string? FindSizeDefect(PublicKeyInfo key) =>
        key.Bits is < LeastRsaBits or > MostRsaBits ? $"an RSA key of {key.Bits} bits; {LeastRsaBits} to {MostRsaBits} are accepted" : null;

    // RFC 5480 §2.1.1: named curves only.
    private static string? FindCurveDefect(PublicKeyInfo key) =>
        key.CurveOid is { } oid && Curves.TryGetValue(oid, out var bits) && bits == key.Bits ? null : $"{key.Describe()} is not supported";
}
