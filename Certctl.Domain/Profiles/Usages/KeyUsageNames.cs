using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles.Usages;

/// <summary>The key usages that a profile may choose (RFC 5280 §4.2.1.3), and which of them a kind of key can have.</summary>
internal static class KeyUsageNames
{
    public static readonly IReadOnlyDictionary<string, KeyUsages> Bits = new Dictionary<string, KeyUsages>(StringComparer.Ordinal)
    {
        ["digitalSignature"] = KeyUsages.DigitalSignature,
        ["contentCommitment"] = KeyUsages.ContentCommitment,
        ["keyEncipherment"] = KeyUsages.KeyEncipherment,
        ["dataEncipherment"] = KeyUsages.DataEncipherment,
        ["keyAgreement"] = KeyUsages.KeyAgreement,
        ["encipherOnly"] = KeyUsages.EncipherOnly,
        ["decipherOnly"] = KeyUsages.DecipherOnly,
    };

    private const KeyUsages Qualifiers = KeyUsages.EncipherOnly | KeyUsages.DecipherOnly;

    // RFC 5280 §4.2.1.12: the bits that each of these purposes is consistent with. A certificate that has none of them serves it for
    // nothing. By OID: a profile may name a purpose either way.
    private static readonly Dictionary<string, KeyUsages> Consistent = new(StringComparer.Ordinal)
    {
        [ExtendedKeyUsageNames.Oids["serverAuth"]] = KeyUsages.DigitalSignature | KeyUsages.KeyEncipherment | KeyUsages.KeyAgreement,
        [ExtendedKeyUsageNames.Oids["clientAuth"]] = KeyUsages.DigitalSignature | KeyUsages.KeyAgreement,
        [ExtendedKeyUsageNames.Oids["codeSigning"]] = KeyUsages.DigitalSignature,
        [ExtendedKeyUsageNames.Oids["emailProtection"]] =
            KeyUsages.DigitalSignature | KeyUsages.ContentCommitment | KeyUsages.KeyEncipherment | KeyUsages.KeyAgreement,
        [ExtendedKeyUsageNames.Oids["timeStamping"]] = KeyUsages.DigitalSignature | KeyUsages.ContentCommitment,
    };

    /// <summary>What a key of this kind can be used for.</summary>
    public static KeyUsages Possible(KeyAlgorithm algorithm) => algorithm switch
    {
        // RFC 3279 §2.3.1, for end entities.
        KeyAlgorithm.Rsa =>
            KeyUsages.DigitalSignature | KeyUsages.ContentCommitment | KeyUsages.KeyEncipherment | KeyUsages.DataEncipherment,
        // RFC 8813 §3: neither keyEncipherment nor dataEncipherment.
        KeyAlgorithm.Ecdsa => KeyUsages.DigitalSignature | KeyUsages.ContentCommitment | KeyUsages.KeyAgreement | Qualifiers,
        // RFC 8410 §5.
        KeyAlgorithm.Ed25519 => KeyUsages.DigitalSignature | KeyUsages.ContentCommitment,
        KeyAlgorithm.Other => KeyUsages.None,
    };

    /// <summary>The chosen bits that a key of this kind can have.</summary>
    public static KeyUsages Chosen(IReadOnlyList<string> names, KeyAlgorithm algorithm) =>
        names.Aggregate(KeyUsages.None, (usage, name) => usage | Bits[name]) & Possible(algorithm);

    /// <summary>Why a profile may not choose these; empty when it may.</summary>
    public static IEnumerable<string> Problems(
        IReadOnlyList<string> names, IEnumerable<KeyAlgorithm> algorithms, IReadOnlyList<string> ekus)
    {
        if (names.Count == 0)
            return [];
        var unknown = names.Where(name => !Bits.ContainsKey(name)).Select(Unknown).ToList();
        if (unknown.Count > 0)
            return unknown;
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
            return ["one stands twice"];
        var all = names.Aggregate(KeyUsages.None, (usage, name) => usage | Bits[name]);
        var kinds = algorithms.Where(algorithm => algorithm != KeyAlgorithm.Other).Distinct().ToList();
        return [.. QualifierProblems(all), .. kinds.SelectMany(kind => KindProblems(names, kind, ekus)), .. UselessProblems(names, kinds)];
    }

    private static string Unknown(string name) => name is "keyCertSign" or "cRLSign"
        ? $"{name} is for CAs; no certificate of a device gets it"
        : $"\"{name}\" is none of {string.Join(", ", Bits.Keys)}";

    // RFC 5280 §4.2.1.3: the meaning of the two is undefined without keyAgreement, and together they would leave nothing.
    private static IEnumerable<string> QualifierProblems(KeyUsages all)
    {
        if ((all & Qualifiers) == Qualifiers)
            yield return "encipherOnly and decipherOnly exclude each other";
        if ((all & Qualifiers) != KeyUsages.None && (all & KeyUsages.KeyAgreement) == KeyUsages.None)
            yield return "encipherOnly and decipherOnly need keyAgreement";
    }

    private static IEnumerable<string> KindProblems(IReadOnlyList<string> names, KeyAlgorithm kind, IReadOnlyList<string> ekus)
    {
        var chosen = Chosen(names, kind);
        if ((chosen & ~Qualifiers) == KeyUsages.None)
            return [$"a key of the kind {Word(kind)} can have none of these; it can have {Names(Possible(kind))}"];
        return ekus.Where(eku => Consistent.TryGetValue(ExtendedKeyUsageNames.OidOf(eku), out var fit) && (fit & chosen) == KeyUsages.None)
            .Select(eku =>
                $"a key of the kind {Word(kind)} would not be usable for {eku}, which needs one of "
                    + $"{Names(Consistent[ExtendedKeyUsageNames.OidOf(eku)] & Possible(kind))}");
    }

    private static string Names(KeyUsages usage) => string.Join(", ", Bits.Where(bit => usage.HasFlag(bit.Value)).Select(bit => bit.Key));

    private static string Word(KeyAlgorithm kind) => kind == KeyAlgorithm.Ed25519 ? "Ed25519" : kind.ToString().ToUpperInvariant();

    private static IEnumerable<string> UselessProblems(IReadOnlyList<string> names, List<KeyAlgorithm> kinds) => names
        .Where(name => kinds.Count > 0 && kinds.TrueForAll(kind => (Possible(kind) & Bits[name]) == KeyUsages.None))
        .Select(name => $"{name} fits no key that allowed_key_algorithms allows");
}
