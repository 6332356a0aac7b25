using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles.Templates;
using Certctl.Domain.Profiles.Usages;

namespace Certctl.Domain.Profiles.Expectations;

/// <summary>
/// What <see cref="CertificateProfile.Approve"/> will ask of a request, as far as it can be told ahead: a request that has it all and says
/// nothing else is granted, provided that the values in it are.
/// </summary>
public sealed class RequestExpectations
{
    private const string Subject = "2.5.4.";

    private RequestExpectations()
    {
    }

    /// <summary>One of these; at least one, in the order of the profile.</summary>
    public required IReadOnlyList<KeyExpectation> Keys { get; init; }

    /// <summary>OIDs of attributes that the subject must have, with values of the client.</summary>
    public required IReadOnlyList<string> SubjectTypes { get; init; }

    /// <summary>There must be a subjectAltName, with values of the client.</summary>
    public required bool WantsSubjectAltName { get; init; }

    /// <summary>The extended key usages that the certificate gets, whatever the request says: dotted OIDs, at least one.</summary>
    public required IReadOnlyList<string> ExtendedKeyUsages { get; init; }

    public required bool ExtendedKeyUsageIsCritical { get; init; }

    /// <summary>
    /// What the certificate gets, whichever of <see cref="Keys"/> it is for; None where the request need not have a keyUsage.
    /// </summary>
    public required KeyUsages KeyUsage { get; init; }

    /// <summary>A challengePassword must be there.</summary>
    public required bool WantsChallenge { get; init; }

    /// <summary>OIDs of other attributes or extensions that must be there.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    public static RequestExpectations Of(CertificateProfile profile)
    {
        var required = profile.RequiredCsrAttributes.Select(CsrAttributeNames.OidOf).ToHashSet(StringComparer.Ordinal);
        var keys = KeysOf(profile);
        var ekus = profile.AllowedEkus.Select(ExtendedKeyUsageNames.OidOf).ToList();
        var usage = required.Contains(CsrAttributeNames.KeyUsage) ? SharedUsage(profile, keys, ekus) : KeyUsages.None;
        var wantsName = required.Contains(CsrAttributeNames.SubjectAltName) || NeedsNames(profile);
        string[] subject = [.. required.Where(oid => oid.StartsWith(Subject, StringComparison.Ordinal)), .. SubjectVariables(profile)];

        // RFC 5280 §4.1.2.6: a certificate names its subject in one way or the other.
        if (subject.Length == 0 && !wantsName)
            subject = [AttributeTypes.CommonName];
        return new RequestExpectations
        {
            Keys = keys,
            SubjectTypes = [.. subject.Distinct(StringComparer.Ordinal)],
            WantsSubjectAltName = wantsName,
            ExtendedKeyUsages = ekus,
            ExtendedKeyUsageIsCritical = profile.Content.ExtendedKeyUsageIsCritical,
            KeyUsage = usage,
            WantsChallenge = required.Contains(CsrAttributeNames.ChallengePassword),
            Others = [.. required.Where(oid => IsOther(oid, usage))],
        };
    }

    /// <summary>
    /// The key that a server makes for a request with <paramref name="wish"/>: of the same kind and size where the profile accepts that and
    /// there is such a size to choose, else the nearest of <see cref="Keys"/>. Null: the profile accepts none of the kinds.
    /// </summary>
    public KeyExpectation? KeyLike(PublicKeyInfo wish)
    {
        var possible = Keys.Where(key => SizesOf(key.Algorithm).Any(size => size >= key.Bits)).ToList();
        if ((possible.Find(key => key.Algorithm == wish.Algorithm) ?? possible.FirstOrDefault()) is not { } least)
            return null;
        var sizes = SizesOf(least.Algorithm).Where(size => size >= least.Bits).ToList();
        var wished = least.Algorithm == wish.Algorithm ? sizes.FindIndex(size => size == wish.Bits) : -1;
        return least with { Bits = sizes[Math.Max(wished, 0)] };
    }

    // Larger RSA keys take a processor for many seconds each.
    private static int[] SizesOf(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.Rsa => [2048, 3072, 4096],
        KeyAlgorithm.Ecdsa => [256, 384, 521],
        _ => [],
    };

    private static List<KeyExpectation> KeysOf(CertificateProfile profile) =>
    [
        .. profile.AllowedKeyAlgorithms.GroupBy(rule => rule.Algorithm).Select(rules => new KeyExpectation(
            rules.Key, rules.Key == KeyAlgorithm.Ed25519 ? 0 : rules.Min(rule => rule.MinSize))),
    ];

    private static KeyUsages SharedUsage(CertificateProfile profile, List<KeyExpectation> keys, List<string> ekus) => keys
        .Select(key => KeyPolicy.UsageOf(key.Algorithm, ekus, profile.Content.KeyUsage))
        .Aggregate((one, other) => one & other);

    // Every profile writes extKeyUsage, so a request for extensions is there in any case.
    private static bool IsOther(string oid, KeyUsages usage) =>
        !oid.StartsWith(Subject, StringComparison.Ordinal)
        && oid is not (CsrAttributeNames.SubjectAltName or CsrAttributeNames.ExtendedKeyUsage
            or CsrAttributeNames.ExtensionRequest or CsrAttributeNames.ChallengePassword)
        && (oid != CsrAttributeNames.KeyUsage || usage == KeyUsages.None);

    private static IEnumerable<string> SubjectVariables(CertificateProfile profile) =>
        Variables(profile).Select(TemplateVariables.SubjectTypeOf).OfType<string>();

    // Patterns judge what a template has made, which is the request's only where the template says so.
    private static bool NeedsNames(CertificateProfile profile) =>
        Variables(profile).Any(TemplateVariables.IsSubjectAltName)
        || ((profile.RequiredSanPatterns.Count > 0 || profile.SpiffeUriPattern.Length > 0)
            && (profile.Content.SanTemplate.Count == 0 || profile.Content.SanTemplate.Contains(SanTemplate.AllNames)));

    private static IEnumerable<string> Variables(CertificateProfile profile) =>
    [
        .. SubjectTemplate.Of(profile.Content.SubjectTemplate)?.RequiredVariables ?? [],
        .. SanTemplate.Of(profile.Content.SanTemplate, profile.Content)?.RequiredVariables ?? [],
    ];
}
