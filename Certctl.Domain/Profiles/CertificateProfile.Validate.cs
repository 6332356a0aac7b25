using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles.Templates;
using Certctl.Domain.Profiles.Usages;

namespace Certctl.Domain.Profiles;

public sealed partial class CertificateProfile
{
    public const string IdPattern = "^[a-z0-9][a-z0-9-]{0,62}$";

    /// <summary><see cref="IdPattern"/> in words, after "must be".</summary>
    public const string IdInWords = "1 to 63 lower-case letters, digits or hyphens and start with a letter or digit";

    /// <summary>Characters, as all lengths of text here: Unicode scalar values, which JSON Schema and the database count too.</summary>
    public const int MaxNameLength = 255;
    public const int MaxDescriptionLength = 4000;
    public const int MaxPatternLength = 512;
    public const int MaxListLength = 50;
    public const int MaxApprovals = 10;
    public const int MaxRenewalDays = 3650;
    public const int MaxRenewalPercent = 99;
    public const int MaxActive = 100;

    /// <summary>Bound of <see cref="ContentRules.CrlPartitions"/>.</summary>
    public const int MaxCrlPartitions = 256;
    public const int MaxKeyBits = 8192;
    public const int MaxSubjectTemplate = NamePolicy.MaxSubjectAttributes;

    /// <summary>What <see cref="ContentRules.KeyUsage"/> may hold.</summary>
    public static readonly IReadOnlyList<string> KeyUsages = [.. KeyUsageNames.Bits.Keys];

    /// <summary>What <see cref="ContentRules.AdditionalSanKinds"/> may hold.</summary>
    public static readonly IReadOnlyList<string> AdditionalSanKinds = SanKinds.All;

    private static readonly int[] EcdsaSizes = [256, 384, 521];

    /// <summary>Every reason why this profile must not be stored, each naming its JSON field; empty when it may.</summary>
    public IReadOnlyList<string> Validate() =>
    [
        .. Problem(!IdForm().IsMatch(Id) || Id.EndsWith('\n'), $"id: must be {IdInWords}"),
        .. Problem(
            string.IsNullOrWhiteSpace(Name) || TextLength.Of(Name) > MaxNameLength, $"name: must have 1 to {MaxNameLength} characters"),
        .. Problem(TextLength.Of(Description) > MaxDescriptionLength, $"description: must have at most {MaxDescriptionLength} characters"),
        .. KeyProblems(),
        .. ValidityProblems(),
        .. Problem(ApprovalsRequired is < 1 or > MaxApprovals, $"approvals_required: must be a whole number from 1 to {MaxApprovals}"),
        .. Problem(ApprovalsRequired > 1 && !RequiresApproval, "approvals_required: more than 1 needs requires_approval"),
        .. RenewalProblems(),
        .. EkuProblems(),
        .. ContentProblems(),
        .. RequiredSanPatterns.SelectMany(pattern => PatternProblem("required_san_patterns", pattern)),
        .. Problem(RequiredSanPatterns.Count > MaxListLength, $"required_san_patterns: must have at most {MaxListLength} values"),
        .. SpiffeUriPattern.Length == 0 ? [] : PatternProblem("spiffe_uri_pattern", SpiffeUriPattern),
        .. Problem(RequiredCsrAttributes.Count > MaxListLength, $"required_csr_attributes: must have at most {MaxListLength} values"),
        .. RequiredCsrAttributes.Where(name => !CsrAttributeNames.IsKnown(name))
            .Select(name => $"required_csr_attributes: \"{name}\" is neither a known name nor an OID"),
    ];

    private IEnumerable<string> KeyProblems()
    {
        if (AllowedKeyAlgorithms.Count == 0)
            yield return "allowed_key_algorithms: must have at least 1 value; an empty list would let any key pass";
        if (AllowedKeyAlgorithms.Count > MaxListLength)
            yield return $"allowed_key_algorithms: must have at most {MaxListLength} values";
        foreach (var rule in AllowedKeyAlgorithms)
        {
            var problem = rule.Algorithm switch
            {
                KeyAlgorithm.Rsa => rule.MinSize is < KeyPolicy.LeastRsaBits or > MaxKeyBits ? "RSA min_size is 2048 to 8192" : null,
                KeyAlgorithm.Ecdsa => EcdsaSizes.Contains(rule.MinSize) ? null : "ECDSA min_size is 256, 384 or 521",
                KeyAlgorithm.Ed25519 => rule.MinSize is 0 or 256 ? null : "Ed25519 min_size is 0 or 256, the one size there is",
                KeyAlgorithm.Other => "unknown algorithm",
            };
            if (problem is not null)
                yield return $"allowed_key_algorithms: {problem}";
        }
    }

    private IEnumerable<string> ValidityProblems()
    {
        if (MaxTtlSeconds < 0)
            yield return "max_ttl_seconds: must be a whole number from 0";
        var isShort = MaxTtlSeconds is > 0 and < ValidityPolicy.ShortLivedSeconds;
        if (AllowShortLived && !isShort)
            yield return "allow_short_lived: needs max_ttl_seconds between 1 and 3599";
        if (!AllowShortLived && isShort)
            yield return "max_ttl_seconds: under an hour needs allow_short_lived";
    }

    private IEnumerable<string> RenewalProblems() =>
    [
        .. Problem(RenewalWindowDays is < 0 or > MaxRenewalDays, $"renewal_window_days: must be a whole number from 0 to {MaxRenewalDays}"),
        .. Problem(RenewalWindowPercent is < 0 or > MaxRenewalPercent,
            $"renewal_window_percent: must be a whole number from 0 to {MaxRenewalPercent}"),
        .. Problem(RenewalWindowDays > 0 && RenewalWindowPercent > 0, "renewal_window_percent: renewal_window_days is set; one of the two"),
        .. Problem(RenewalGraceDays is < 0 or > MaxRenewalDays, $"renewal_grace_days: must be a whole number from 0 to {MaxRenewalDays}"),
        .. Problem(MaxActiveCertificates is < 0 or > MaxActive, $"max_active_certificates: must be a whole number from 0 to {MaxActive}"),
    ];

    private IEnumerable<string> EkuProblems()
    {
        if (AllowedEkus.Count == 0)
            yield return "allowed_ekus: must have at least 1 value";
        if (AllowedEkus.Count > MaxListLength)
            yield return $"allowed_ekus: must have at most {MaxListLength} values";
        if (AllowedEkus.Select(ExtendedKeyUsageNames.OidOf).Distinct(StringComparer.Ordinal).Count() != AllowedEkus.Count)
            yield return "allowed_ekus: one stands twice";
        foreach (var defect in AllowedEkus.Select(ExtendedKeyUsageNames.FindDefect).OfType<string>())
            yield return $"allowed_ekus: {defect}";
        // RFC 5280 §4.2.1.12: who restricts nothing must not insist on being understood.
        if (Content.ExtendedKeyUsageIsCritical && AllowedEkus.Select(ExtendedKeyUsageNames.OidOf).Contains(ExtendedKeyUsageNames.Any))
            yield return "eku_critical: not together with anyExtendedKeyUsage";
    }

    private IEnumerable<string> ContentProblems() =>
    [
        .. KeyUsageNames.Problems(Content.KeyUsage, AllowedKeyAlgorithms.Select(rule => rule.Algorithm), AllowedEkus)
            .Select(problem => $"key_usage: {problem}"),
        .. Content.AdditionalSanKinds.Except(SanKinds.All)
            .Select(kind => $"additional_san_kinds: \"{kind}\" is none of {string.Join(", ", SanKinds.All)}"),
        .. Problem(
            Content.AdditionalSanKinds.Distinct().Count() != Content.AdditionalSanKinds.Count, "additional_san_kinds: one stands twice"),
        .. Problem(Content.SubjectTemplate.Count > MaxSubjectTemplate, $"subject_template: must have at most {MaxSubjectTemplate} values"),
        .. SubjectTemplate.Problems(Content.SubjectTemplate).Select(problem => $"subject_template: {problem}"),
        .. Problem(Content.SanTemplate.Count > MaxListLength, $"san_template: must have at most {MaxListLength} values"),
        .. Problem(
            Content.CrlPartitions is < 0 or > MaxCrlPartitions, $"crl_partitions: must be a whole number from 0 to {MaxCrlPartitions}"),
        .. SanTemplate.Problems(Content.SanTemplate, Content).Select(problem => $"san_template: {problem}"),
    ];

    private static IEnumerable<string> PatternProblem(string field, string pattern)
    {
        if (TextLength.Of(pattern) is 0 or > MaxPatternLength)
            return [$"{field}: must have 1 to {MaxPatternLength} characters"];
        try
        {
            NamePolicy.Compile(pattern);
            return [];
        }
        catch (ArgumentException malformed)
        {
            return [$"{field}: {malformed.Message}"];
        }
        catch (NotSupportedException)
        {
            return [$"{field}: backreferences and lookarounds are not supported, because matching must take linear time"];
        }
    }

    private static string[] Problem(bool wrong, string text) => wrong ? [text] : [];

    [GeneratedRegex(IdPattern, RegexOptions.CultureInvariant)]
    private static partial Regex IdForm();
}
