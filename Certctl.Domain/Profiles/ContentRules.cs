namespace Certctl.Domain.Profiles;

/// <summary>
/// What a profile puts into certificates, and tolerates in requests, beyond the fields of the upstream product. Each default is what a
/// profile does that says nothing.
/// </summary>
public sealed record ContentRules
{
    public static readonly ContentRules Default = new();

    /// <summary>
    /// Names of RFC 5280 §4.2.1.3 (digitalSignature, keyAgreement …); a key gets those that its kind can have. Empty: by the kind of
    /// key.
    /// </summary>
    public IReadOnlyList<string> KeyUsage { get; init; } = [];

    /// <summary>extKeyUsage is critical.</summary>
    public bool ExtendedKeyUsageIsCritical { get; init; }

    /// <summary>
    /// Kinds of alternative names that are certified beside DNS names, mail addresses, URIs, IP addresses and UPNs: <see cref="SanKinds"/>.
    /// </summary>
    public IReadOnlyList<string> AdditionalSanKinds { get; init; } = [];

    /// <summary>Labels of DNS names may contain underscores.</summary>
    public bool AllowDnsUnderscore { get; init; }

    /// <summary>
    /// Blank subject attributes and alternative names, which an MDM sends for an empty variable, are left out instead of refused.
    /// </summary>
    public bool DropBlankNames { get; init; }

    /// <summary>
    /// The subject as elements <c>TYPE=text</c> with variables of the request, in the order of the certificate; empty: the request's own.
    /// </summary>
    public IReadOnlyList<string> SubjectTemplate { get; init; } = [];

    /// <summary>The alternative names as elements <c>KIND:text</c> with variables of the request; empty: the request's own.</summary>
    public IReadOnlyList<string> SanTemplate { get; init; } = [];

    /// <summary>
    /// A request may ask for a shorter life than the profile's ([MS-WCCE] §2.2.2.7.10:
    /// ValidityPeriod, ValidityPeriodUnits, ExpirationDate).
    /// </summary>
    public bool AllowRequestedValidity { get; init; }

    /// <summary>How many parts its certificates are divided into, each with a CRL of its own; 0: the complete CRL is theirs.</summary>
    public int CrlPartitions { get; init; }
}
