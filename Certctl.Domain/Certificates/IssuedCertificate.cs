using System.Security.Cryptography;
using System.Text;

namespace Certctl.Domain.Certificates;

/// <summary>RFC 5280 §5.3.1, the reasons that an operator may give; the values are the CRL's codes.</summary>
public enum RevocationReason
{
    Unspecified = 0,
    KeyCompromise = 1,
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    CertificateHold = 6,
    PrivilegeWithdrawn = 9,
}

/// <summary>A certificate that one of our issuers signed, as the journal keeps it.</summary>
public sealed class IssuedCertificate
{
    private byte[]? _nameSha256;

    /// <summary>Which issuer, for example <c>iss-local</c>.</summary>
    public required string IssuerId { get; init; }

    /// <summary>40 lower-case hex digits, left padded; unique for the issuer.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>The certificate profile it was issued under.</summary>
    public required string ProfileId { get; init; }

    /// <summary>PathID of the endpoint it came through; empty for the root.</summary>
    public required string PathId { get; init; }

    /// <summary><c>SCEP</c> or <c>EST</c>.</summary>
    public required string Source { get; init; }

    /// <summary>RFC 4514 form.</summary>
    public required string Subject { get; init; }

    public required string? CommonName { get; init; }

    public required IReadOnlyList<string> SubjectAltNames { get; init; }

    /// <summary>SHA-256 of whom it names: of the subject, or of the alternative names where that is empty.</summary>
    public byte[] NameSha256
    {
        get => _nameSha256 ??= SHA256.HashData(Encoding.UTF8.GetBytes(Subject.Length > 0 ? Subject : string.Join('\n', SubjectAltNames)));
        private set => _nameSha256 = value;
    }

    /// <summary>
    /// keyIdentifier of its authorityKeyIdentifier, lower-case hex: which generation of the issuer signed it. Empty: not noted, ask
    /// <see cref="Der"/>.
    /// </summary>
    public string AuthorityKeyId { get; init; } = "";

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>"RSA-2048", "ECDSA-P256".</summary>
    public required string KeyAlgorithm { get; init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo.</summary>
    public required byte[] PublicKeySha256 { get; init; }

    /// <summary>SHA-256 of <see cref="Der"/>.</summary>
    public required byte[] Sha256 { get; init; }

    public required byte[] Der { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// URL of the partitioned CRL that its cRLDistributionPoints name (RFC 5280 §4.2.1.13); null: the complete CRL is meant.
    /// </summary>
    public string? CrlPartition { get; init; }

    public DateTimeOffset? RevokedAt { get; private set; }

    public RevocationReason? RevocationReason { get; private set; }

    /// <summary>Since when its key is known or thought to be compromised (RFC 5280 §5.3.2); null: not known.</summary>
    public DateTimeOffset? InvalidSince { get; private set; }

    /// <summary>When its last certificateHold was ended; null: never.</summary>
    public DateTimeOffset? ReleasedAt { get; private set; }

    public bool IsRevoked => RevokedAt is not null;

    /// <summary>
    /// The octets of a serial number in the form of <see cref="SerialNumber"/>; null for what is none of ours (RFC 5280 §4.1.2.2:
    /// at most 20 octets).
    /// </summary>
    public static string? SerialText(ReadOnlySpan<byte> octets)
    {
        var hex = Convert.ToHexStringLower(octets).TrimStart('0');
        return hex.Length is 0 or > 40 ? null : hex.PadLeft(40, '0');
    }

    public void Revoke(RevocationReason reason, DateTimeOffset at) => (RevokedAt, RevocationReason) = (at, reason);
}
