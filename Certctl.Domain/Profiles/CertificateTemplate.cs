using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>
/// What the CA is asked to sign. Only <see cref="CertificateProfile"/> can make one, so what was not vetted cannot be signed.
/// </summary>
public sealed class CertificateTemplate
{
    private IReadOnlyList<string>? _subjectAltNameTexts;

    internal CertificateTemplate()
    {
    }

    public required string ProfileId { get; init; }

    /// <summary>The subject to write, in the string types of RFC 5280 §4.1.2.4; may be empty, then the SAN extension is
    /// critical.</summary>
    public required SubjectName Subject { get; init; }

    public required PublicKeyInfo PublicKey { get; init; }

    /// <summary>In the order of the request, none twice.</summary>
    public required IReadOnlyList<SubjectAltName> SubjectAltNames { get; init; }

    /// <summary>The same as journal, audit and pages show them.</summary>
    public IReadOnlyList<string> SubjectAltNameTexts => _subjectAltNameTexts ??= [.. SubjectAltNames.Select(name => name.ToString())];

    /// <summary>Only bits that the type of the key allows, at least one (RFC 5280 §4.2.1.3).</summary>
    public required KeyUsages KeyUsage { get; init; }

    /// <summary>Dotted OIDs, at least one.</summary>
    public required IReadOnlyList<string> ExtendedKeyUsages { get; init; }

    /// <summary>Whether extKeyUsage is critical (RFC 5280 §4.2.1.12 leaves that to the CA).</summary>
    public required bool ExtendedKeyUsageIsCritical { get; init; }

    /// <summary>When it was approved, by the database's time.</summary>
    public required DateTimeOffset ApprovedAt { get; init; }

    /// <summary>Up to five minutes before now: device clocks run late.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>The issuer shortens it to its own NotAfter when that comes first.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>RFC 7633 TLS feature status_request.</summary>
    public required bool MustStaple { get; init; }

    /// <summary>How many partitioned CRLs there are for such certificates; 0: the complete CRL is theirs.</summary>
    public int CrlPartitions { get; init; }
}

/// <summary>RFC 5280 §4.2.1.3, the bits that a leaf of ours can carry; the values are the bit numbers as flags (bit 0 = 1).</summary>
[Flags]
public enum KeyUsages
{
    None = 0,
    DigitalSignature = 1 << 0,
    ContentCommitment = 1 << 1,
    KeyEncipherment = 1 << 2,
    DataEncipherment = 1 << 3,
    KeyAgreement = 1 << 4,
    EncipherOnly = 1 << 7,
    DecipherOnly = 1 << 8,
}
