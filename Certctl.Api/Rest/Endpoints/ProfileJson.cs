using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Api.Rest.Http;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>A certificate profile in the JSON keys of the upstream product. Unknown keys are errors; nothing is ignored.</summary>
[RequestBody]
internal sealed record ProfileJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,

        // Patterns are to be read; the output goes to a terminal or into a JSON reader, never into HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static readonly JsonSerializerOptions Compact = new(Options) { WriteIndented = false };

    /// <summary>Required when a profile is made. When one is replaced it is that of the path, and may be left out.</summary>
    [Field(Pattern = CertificateProfile.IdPattern, PatternInWords = CertificateProfile.IdInWords)]
    public string? Id { get; init; }

    [Field(Required = true, MinLength = 1, MaxLength = CertificateProfile.MaxNameLength)]
    public string? Name { get; init; }

    [Field(MaxLength = CertificateProfile.MaxDescriptionLength)]
    public string Description { get; init; } = "";

    [Field(Required = true, MinLength = 1, MaxLength = CertificateProfile.MaxListLength)]
    public IReadOnlyList<KeyRule>? AllowedKeyAlgorithms { get; init; }

    [Field(Min = 0)]
    public int MaxTtlSeconds { get; init; }

    [Field(Required = true, MinLength = 1, MaxLength = CertificateProfile.MaxListLength)]
    public IReadOnlyList<string>? AllowedEkus { get; init; }

    [Field(MaxLength = CertificateProfile.MaxListLength, MinItemLength = 1, MaxItemLength = CertificateProfile.MaxPatternLength)]
    public IReadOnlyList<string> RequiredSanPatterns { get; init; } = [];

    [Field(MaxLength = CertificateProfile.MaxPatternLength)]
    public string SpiffeUriPattern { get; init; } = "";

    public bool AllowShortLived { get; init; }

    public bool MustStaple { get; init; }

    [Field(MaxLength = CertificateProfile.MaxListLength)]
    public IReadOnlyList<string> RequiredCsrAttributes { get; init; } = [];

    public bool RequiresApproval { get; init; }

    [Field(Min = 1, Max = CertificateProfile.MaxApprovals)]
    public int ApprovalsRequired { get; init; } = 1;

    [Field(Min = 0, Max = CertificateProfile.MaxRenewalDays)]
    public int RenewalWindowDays { get; init; }

    [Field(Min = 0, Max = CertificateProfile.MaxRenewalPercent)]
    public int RenewalWindowPercent { get; init; }

    [Field(Min = 0, Max = CertificateProfile.MaxRenewalDays)]
    public int RenewalGraceDays { get; init; }

    public bool RenewalRequiresNewKey { get; init; }

    [Field(Min = 0, Max = CertificateProfile.MaxActive)]
    public int MaxActiveCertificates { get; init; }

    /// <summary>Empty: by the kind of key.</summary>
    [Field(Words = Words.KeyUsages)]
    public IReadOnlyList<string> KeyUsage { get; init; } = [];

    public bool EkuCritical { get; init; }

    [Field(Words = Words.SanKinds)]
    public IReadOnlyList<string> AdditionalSanKinds { get; init; } = [];

    public bool AllowDnsUnderscore { get; init; }

    public bool DropBlankNames { get; init; }

    [Field(MaxLength = CertificateProfile.MaxSubjectTemplate)]
    public IReadOnlyList<string> SubjectTemplate { get; init; } = [];

    [Field(MaxLength = CertificateProfile.MaxListLength)]
    public IReadOnlyList<string> SanTemplate { get; init; } = [];

    public bool AllowRequestedValidity { get; init; }

    [Field(Min = 0, Max = CertificateProfile.MaxCrlPartitions)]
    public int CrlPartitions { get; init; }

    public bool Enabled { get; init; } = true;

    /// <summary>Shown; ignored when written, as are the times.</summary>
    [Field(ReadOnly = true)]
    public int? Version { get; init; }

    [Field(ReadOnly = true)]
    public DateTimeOffset? CreatedAt { get; init; }

    [Field(ReadOnly = true)]
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>What a change was, for the audit trail.</summary>
    /// <param name="before">Null: it is new.</param>
    /// <param name="after">Null: it is gone.</param>
    public static string Change(CertificateProfile? before, ProfileJson? after) =>
        JsonSerializer.Serialize(new { Before = before is null ? null : From(before), After = after }, Compact);

    public static ProfileJson From(CertificateProfile profile) => new()
    {
        Id = profile.Id,
        Name = profile.Name,
        Description = profile.Description,
        AllowedKeyAlgorithms = [.. profile.AllowedKeyAlgorithms.Select(rule => new KeyRule(Word(rule.Algorithm), rule.MinSize))],
        MaxTtlSeconds = profile.MaxTtlSeconds,
        AllowedEkus = profile.AllowedEkus,
        RequiredSanPatterns = profile.RequiredSanPatterns,
        SpiffeUriPattern = profile.SpiffeUriPattern,
        AllowShortLived = profile.AllowShortLived,
        MustStaple = profile.MustStaple,
        RequiredCsrAttributes = profile.RequiredCsrAttributes,
        RequiresApproval = profile.RequiresApproval,
        ApprovalsRequired = profile.ApprovalsRequired,
        RenewalWindowDays = profile.RenewalWindowDays,
        RenewalWindowPercent = profile.RenewalWindowPercent,
        RenewalGraceDays = profile.RenewalGraceDays,
        RenewalRequiresNewKey = profile.RenewalRequiresNewKey,
        MaxActiveCertificates = profile.MaxActiveCertificates,
        KeyUsage = profile.Content.KeyUsage,
        EkuCritical = profile.Content.ExtendedKeyUsageIsCritical,
        AdditionalSanKinds = profile.Content.AdditionalSanKinds,
        AllowDnsUnderscore = profile.Content.AllowDnsUnderscore,
        DropBlankNames = profile.Content.DropBlankNames,
        SubjectTemplate = profile.Content.SubjectTemplate,
        SanTemplate = profile.Content.SanTemplate,
        AllowRequestedValidity = profile.Content.AllowRequestedValidity,
        CrlPartitions = profile.Content.CrlPartitions,
        Enabled = profile.Enabled,
        Version = profile.Version,
        CreatedAt = profile.CreatedAt,
        UpdatedAt = profile.UpdatedAt,
    };

    /// <summary>
    /// The profile to store over <paramref name="stored"/>, or null with every reason why not. Its version is counted when it is stored.
    /// </summary>
    public CertificateProfile? ToProfile(CertificateProfile? stored, DateTimeOffset now, out IReadOnlyList<string> problems)
    {
        var unknown = NullProblems().ToList();
        if (unknown.Count > 0)
        {
            problems = unknown;
            return null;
        }

        unknown = (AllowedKeyAlgorithms ?? []).Where(rule => Algorithm(rule.Algorithm) is null)
            .Select(rule => $"allowed_key_algorithms: \"{rule.Algorithm}\" is none of {string.Join(", ", Vocabulary.KeyAlgorithms)}")
                .ToList();
        if (unknown.Count > 0)
        {
            problems = unknown;
            return null;
        }

        var profile = new CertificateProfile
        {
            Id = Id ?? "",
            Name = Name ?? "",
            Description = Description,
            AllowedKeyAlgorithms =
                [.. (AllowedKeyAlgorithms ?? []).Select(rule => new KeyAlgorithmRule(Algorithm(rule.Algorithm)!.Value, rule.MinSize))],
            MaxTtlSeconds = MaxTtlSeconds,
            AllowedEkus = AllowedEkus ?? [],
            RequiredSanPatterns = RequiredSanPatterns,
            SpiffeUriPattern = SpiffeUriPattern,
            AllowShortLived = AllowShortLived,
            MustStaple = MustStaple,
            RequiredCsrAttributes = RequiredCsrAttributes,
            RequiresApproval = RequiresApproval,
            ApprovalsRequired = ApprovalsRequired,
            RenewalWindowDays = RenewalWindowDays,
            RenewalWindowPercent = RenewalWindowPercent,
            RenewalGraceDays = RenewalGraceDays,
            RenewalRequiresNewKey = RenewalRequiresNewKey,
            MaxActiveCertificates = MaxActiveCertificates,
            Content = new ContentRules
            {
                KeyUsage = KeyUsage,
                ExtendedKeyUsageIsCritical = EkuCritical,
                AdditionalSanKinds = AdditionalSanKinds,
                AllowDnsUnderscore = AllowDnsUnderscore,
                DropBlankNames = DropBlankNames,
                SubjectTemplate = SubjectTemplate,
                SanTemplate = SanTemplate,
                AllowRequestedValidity = AllowRequestedValidity,
                CrlPartitions = CrlPartitions,
            },
            Enabled = Enabled,
            Version = (stored?.Version ?? 0) + 1,
            CreatedAt = stored?.CreatedAt ?? now,
            UpdatedAt = now,
        };
        problems = profile.Validate();
        return problems.Count == 0 ? profile : null;
    }

    // What JSON can hold in a list, and a profile cannot.
    private IEnumerable<string> NullProblems()
    {
        (string Name, IEnumerable<object?> Values)[] lists =
        [
            ("allowed_key_algorithms", AllowedKeyAlgorithms ?? []), ("allowed_ekus", AllowedEkus ?? []),
            ("required_san_patterns", RequiredSanPatterns), ("required_csr_attributes", RequiredCsrAttributes),
            ("key_usage", KeyUsage), ("additional_san_kinds", AdditionalSanKinds),
            ("subject_template", SubjectTemplate), ("san_template", SanTemplate),
        ];
        return lists.Where(list => list.Values.Contains(null)).Select(list => $"{list.Name}: null is no value");
    }

    // As Word writes them and the OpenAPI document lists them: by REST and on the command line alike.
    private static KeyAlgorithm? Algorithm(string? word) => word switch
    {
        "RSA" => KeyAlgorithm.Rsa,
        "ECDSA" => KeyAlgorithm.Ecdsa,
        "Ed25519" => KeyAlgorithm.Ed25519,
        _ => null,
    };

    private static string Word(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.Rsa => "RSA",
        KeyAlgorithm.Ecdsa => "ECDSA",
        KeyAlgorithm.Ed25519 => "Ed25519",
        KeyAlgorithm.Other => throw new InvalidOperationException("No profile allows an unknown algorithm."),
    };

    /// <param name="MinSize">Bits: RSA 2048 to 8192, ECDSA 256, 384 or 521, Ed25519 0 or 256.</param>
    [RequestBody]
    internal sealed record KeyRule(
        [property: Field(Required = true, Words = Words.KeyAlgorithms)] string? Algorithm,
        [property: Field(Min = 0, Max = CertificateProfile.MaxKeyBits)] int MinSize);
}
