using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Domain.Profiles;

/// <summary>One rule of <see cref="CertificateProfile.AllowedKeyAlgorithms"/>.</summary>
/// <param name="Algorithm">RSA, ECDSA or Ed25519.</param>
/// <param name="MinSize">Bits of the modulus or of the field; ignored for Ed25519.</param>
public sealed record KeyAlgorithmRule(KeyAlgorithm Algorithm, int MinSize);

/// <summary>
/// The policy under which certificates are issued. The fields are those of the upstream product's profile object; every one of them is
/// enforced by <see cref="Approve"/> or refused by <see cref="Validate"/> when it is written.
/// </summary>
public sealed partial class CertificateProfile
{
    /// <summary>Id of the profile that every database starts with.</summary>
    public const string DefaultId = "default";

    public required string Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Never empty: an empty list would mean that anything goes.</summary>
    public required IReadOnlyList<KeyAlgorithmRule> AllowedKeyAlgorithms { get; init; }

    /// <summary>Upper limit of a certificate's life in seconds; 0 leaves the issuer's default alone.</summary>
    public int MaxTtlSeconds { get; init; }

    /// <summary>Names (serverAuth, clientAuth, smartcardLogon …) or dotted OIDs; what stands here is what the certificate gets.</summary>
    public required IReadOnlyList<string> AllowedEkus { get; init; }

    /// <summary>Regular expressions: each must be met by some SAN, and each SAN must meet some expression. Empty: no rule.</summary>
    public IReadOnlyList<string> RequiredSanPatterns { get; init; } = [];

    /// <summary>Regular expression for a SPIFFE ID, which then must be the only URI among the SANs; empty: no rule.</summary>
    public string SpiffeUriPattern { get; init; } = "";

    /// <summary>Lives under an hour are meant; their revocation is not published.</summary>
    public bool AllowShortLived { get; init; }

    /// <summary>RFC 7633: every certificate carries the TLS feature status_request.</summary>
    public bool MustStaple { get; init; }

    /// <summary>Names or dotted OIDs of CSR attributes or requested extensions that must be there.</summary>
    public IReadOnlyList<string> RequiredCsrAttributes { get; init; } = [];

    /// <summary>Requests wait for an operator.</summary>
    public bool RequiresApproval { get; init; }

    /// <summary>How many different operators must approve a waiting request, 1 to 10; one denial ends it.</summary>
    public int ApprovalsRequired { get; init; } = 1;

    /// <summary>A renewal is taken in the last days of the certificate that it renews; 0: at any time.</summary>
    public int RenewalWindowDays { get; init; }

    /// <summary>Likewise, as a share of that certificate's life in percent, 1 to 99; 0: at any time. One of the two at most.</summary>
    public int RenewalWindowPercent { get; init; }

    /// <summary>How many days after its end a certificate may still sign its renewal, which then needs the challenge as well.</summary>
    public int RenewalGraceDays { get; init; }

    /// <summary>A renewal must bring another key.</summary>
    public bool RenewalRequiresNewKey { get; init; }

    /// <summary>
    /// How many certificates of one subject may be valid at once; a further one revokes the oldest as superseded. 0: any number.
    /// </summary>
    public int MaxActiveCertificates { get; init; }

    /// <summary>What certificates contain and requests may bring beyond the fields of the upstream product.</summary>
    public ContentRules Content { get; init; } = ContentRules.Default;

    public bool Enabled { get; init; } = true;

    /// <summary>Counts the writes; 1 for a new profile.</summary>
    public int Version { get; init; } = 1;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The profile that a new database holds: RSA from 2048 bits, P-256 and better, client authentication.</summary>
    public static CertificateProfile Default(DateTimeOffset now) => new()
    {
        Id = DefaultId,
        Name = "Default device profile",
        Description = "RSA from 2048 bits or ECDSA from P-256, TLS client authentication.",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Rsa, 2048), new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        CreatedAt = now,
        UpdatedAt = now,
    };
}

/// <summary>What <see cref="CertificateProfile.Approve"/> says.</summary>
public abstract record Approval
{
    private Approval()
    {
    }

    public sealed record Granted(CertificateTemplate Template) : Approval;

    public sealed record Denied(EnrolmentFailure Failure) : Approval;
}
