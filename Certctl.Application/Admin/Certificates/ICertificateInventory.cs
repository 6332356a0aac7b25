using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Application.Admin.Certificates;

/// <summary>The issued certificates: to find them, and to end them before their time.</summary>
public interface ICertificateInventory
{
    /// <summary>A page, newest first: those older than <paramref name="before"/>, or after skipping <paramref name="skip"/>.</summary>
    /// <param name="now">What "active" and "expired" mean.</param>
    /// <param name="limit">Certificates at most; 0: only the total is wanted.</param>
    Task<CertificatePage> ListAsync(
        CertificateFilter filter, DateTimeOffset now, CertificateMark? before, int skip, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// A certificate of the issuer by serial number (40 lower-case hex digits), with its state as committed now; null: none.
    /// </summary>
    Task<IssuedCertificate?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken);

    /// <summary>
    /// Revokes it and appends the audit event in one transaction; from then on renewals, GetCert and the next CRL know. Of two at once one
    /// does. One on hold may be revoked for another reason, and the date is then that of the new reason.
    /// </summary>
    Task<RevocationVerdict> RevokeAsync(
        string issuerId,
        string serialNumber,
        RevocationReason reason,
        DateTimeOffset at,
        DateTimeOffset? invalidSince,
        AuditEvent audit,
        CancellationToken cancellationToken);

    /// <summary>Ends a certificateHold (RFC 5280 §5.3.1), and appends the audit event in one transaction.</summary>
    Task<RevocationVerdict> ReleaseAsync(
        string issuerId, string serialNumber, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken);
}

/// <summary>Where an issued certificate stands.</summary>
public enum CertificateStatus
{
    Active,
    Expired,

    /// <summary>For good.</summary>
    Revoked,

    /// <summary>certificateHold: it may be released.</summary>
    OnHold,
}

/// <summary>Which certificates; what is null does not matter.</summary>
public sealed record CertificateFilter
{
    public CertificateStatus? Status { get; init; }

    public string? IssuerId { get; init; }

    /// <summary>The certificate profile.</summary>
    public string? ProfileId { get; init; }

    public string? PathId { get; init; }

    /// <summary><c>SCEP</c>.</summary>
    public string? Source { get; init; }

    /// <summary>40 lower-case hex digits.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>Stands somewhere in subject or alternative names; upper and lower case alike.</summary>
    public string? Text { get; init; }

    /// <summary>notAfter before this moment.</summary>
    public DateTimeOffset? ExpiresBefore { get; init; }

    /// <summary>notAfter at this moment or later.</summary>
    public DateTimeOffset? ExpiresAfter { get; init; }

    /// <summary>Issued at this moment or later.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    /// <summary>Issued before this moment.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }
}

/// <summary>The place of a certificate in the order of the lists.</summary>
public sealed record CertificateMark(DateTimeOffset CreatedAt, string SerialNumber);

/// <summary>Some certificates, newest first.</summary>
/// <param name="Total">Of the whole filter, not of this page.</param>
/// <param name="HasMore">Older ones follow.</param>
public sealed record CertificatePage(IReadOnlyList<IssuedCertificate> Certificates, long Total, bool HasMore);

/// <summary>What became of a revocation or a release.</summary>
public abstract record RevocationVerdict
{
    private RevocationVerdict()
    {
    }

    public sealed record Done : RevocationVerdict;

    public sealed record Unknown : RevocationVerdict;

    /// <summary>It is not in a state in which this can be done.</summary>
    public sealed record Refused(RevocationReason? Reason, DateTimeOffset? RevokedAt) : RevocationVerdict;
}
