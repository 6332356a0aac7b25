using Certctl.Api.Admin.Endpoints;
using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Admin;

/// <summary>A certificate as the API shows it: upstream's keys, and what else is known.</summary>
/// <param name="Id">The serial number.</param>
/// <param name="SerialNumber">40 lower-case hex digits.</param>
/// <param name="Name">The common name, or the whole subject where there is none.</param>
/// <param name="Subject">RFC 4514 form.</param>
/// <param name="Sans">Such as <c>DNS:device.example</c>.</param>
/// <param name="PathId">PathID of the SCEP profile; empty for the root.</param>
/// <param name="ExpiresAt">notAfter.</param>
/// <param name="RevocationReason">RFC 5280 §5.3.1, such as <c>keyCompromise</c>; null: it is not revoked.</param>
/// <param name="FingerprintSha256">64 lower-case hex digits over the certificate.</param>
internal sealed record CertificateRow(
    string Id,
    string SerialNumber,
    string Name,
    string? CommonName,
    string Subject,
    IReadOnlyList<string> Sans,
    string IssuerId,
    string CertificateProfileId,
    string PathId,
    string Source,
    CertificateStatus Status,
    DateTime NotBefore,
    DateTime ExpiresAt,
    string KeyAlgorithm,
    string FingerprintSha256,
    DateTime CreatedAt,
    DateTime? RevokedAt,
    string? RevocationReason)
{
    public static CertificateRow Of(IssuedCertificate certificate, DateTimeOffset now) => new(
        certificate.SerialNumber,
        certificate.SerialNumber,
        certificate.CommonName ?? certificate.Subject,
        certificate.CommonName,
        certificate.Subject,
        certificate.SubjectAltNames,
        certificate.IssuerId,
        certificate.ProfileId,
        certificate.PathId,
        certificate.Source,
        StatusOf(certificate, now),
        certificate.NotBefore.UtcDateTime,
        certificate.NotAfter.UtcDateTime,
        certificate.KeyAlgorithm,
        Convert.ToHexStringLower(certificate.Sha256),
        certificate.CreatedAt.UtcDateTime,
        certificate.RevokedAt?.UtcDateTime,
        certificate.RevocationReason is { } reason ? CertificateEndpoints.Word(reason) : null);

    private static CertificateStatus StatusOf(IssuedCertificate certificate, DateTimeOffset now) => certificate switch
    {
        { RevocationReason: Domain.Certificates.RevocationReason.CertificateHold } => CertificateStatus.OnHold,
        { IsRevoked: true } => CertificateStatus.Revoked,
        _ => certificate.NotAfter > now ? CertificateStatus.Active : CertificateStatus.Expired,
    };
}

/// <param name="Reason">RFC 5280 §5.3.1, such as <c>keyCompromise</c>; <c>unspecified</c> where it is absent.</param>
/// <param name="Note">In the person's own words, for other people; at most 1000 characters.</param>
internal sealed record RevocationBody(string? Reason = null, string? Note = null);

/// <param name="Note">In the person's own words, for other people; at most 1000 characters.</param>
internal sealed record ReleaseBody(string? Note = null);

/// <param name="Status"><c>revoked</c> or <c>released</c>.</param>
internal sealed record RevocationResult(string Status, string Message);

/// <summary>Which certificates, all criteria together; at least one besides the reason.</summary>
/// <param name="Reason">Required; RFC 5280 §5.3.1, such as <c>cessationOfOperation</c>.</param>
/// <param name="ProfileId">The certificate profile.</param>
/// <param name="PathId">PathID of the SCEP profile; empty for the root.</param>
/// <param name="Source">Protocol, such as <c>SCEP</c>.</param>
/// <param name="CertificateIds">Serial numbers in hex digits, 1 to 1000.</param>
/// <param name="DryRun">Count, and change nothing.</param>
/// <param name="Note">In the person's own words, for other people; at most 1000 characters.</param>
internal sealed record BulkRevocationBody(
    string? Reason = null,
    string? ProfileId = null,
    string? IssuerId = null,
    string? PathId = null,
    string? Source = null,
    IReadOnlyList<string?>? CertificateIds = null,
    bool DryRun = false,
    string? Note = null);

/// <param name="TotalMatched">All that the criteria name.</param>
/// <param name="TotalRevoked">Those that were revoked now, or would have been.</param>
/// <param name="TotalSkipped">Those that had ended or were revoked before.</param>
/// <param name="TotalFailed">Always 0: a failure ends the request.</param>
internal sealed record BulkRevocationResult(int TotalMatched, int TotalRevoked, int TotalSkipped, int TotalFailed, bool DryRun);
