using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Rest.Endpoints;

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
        certificate.RevocationReason is { } reason ? RevocationReasons.Word(reason) : null);

    private static CertificateStatus StatusOf(IssuedCertificate certificate, DateTimeOffset now) => certificate switch
    {
        { RevocationReason: Domain.Certificates.RevocationReason.CertificateHold } => CertificateStatus.OnHold,
        { IsRevoked: true } => CertificateStatus.Revoked,
        _ => certificate.NotAfter > now ? CertificateStatus.Active : CertificateStatus.Expired,
    };
}

/// <param name="Reason">
/// RFC 5280 §5.3.1, such as <c>keyCompromise</c>; <c>unspecified</c> where it is absent. Answers write <c>caCompromise</c>; RFC 5280's
/// <c>cACompromise</c> is taken too.
/// </param>
/// <param name="Note">Free text, shown to other operators.</param>
/// <param name="InvalidityDate">
/// Since when the key is known or thought to be compromised (RFC 5280 §5.3.2), not in the future; the CRL repeats it.
/// </param>
[RequestBody]
internal sealed record RevocationBody(
    [property: Field(Words = Words.RevocationReasons)] string? Reason = null,
    [property: Field(MaxLength = AdminNote.MaxLength)] string? Note = null,
    DateTimeOffset? InvalidityDate = null);

/// <param name="Note">Free text, shown to other operators.</param>
[RequestBody]
internal sealed record ReleaseBody([property: Field(MaxLength = AdminNote.MaxLength)] string? Note = null);

/// <param name="Status"><c>revoked</c> or <c>released</c>.</param>
internal sealed record RevocationResult(string Status, string Message);

/// <summary>Which certificates, all criteria together; at least one besides the reason.</summary>
/// <param name="Reason">Required; RFC 5280 §5.3.1, such as <c>cessationOfOperation</c>.</param>
/// <param name="ProfileId">The certificate profile.</param>
/// <param name="PathId">PathID of the SCEP profile; <c>(root)</c> for the root profile, which an empty value does not name.</param>
/// <param name="Source">Protocol.</param>
/// <param name="CertificateIds">Serial numbers, in each form that the parameter <c>serial</c> of GET takes.</param>
/// <param name="DryRun">Count, and change nothing.</param>
/// <param name="Note">Free text, shown to other operators.</param>
[RequestBody]
internal sealed record BulkRevocationBody(
    [property: Field(Required = true, Words = Words.RevocationReasons)] string? Reason = null,
    [property: Field(Pattern = BulkRevocationBody.NotBlank, PatternInWords = BulkRevocationBody.NotBlankInWords)] string? ProfileId = null,
    [property: Field(Pattern = BulkRevocationBody.NotBlank, PatternInWords = BulkRevocationBody.NotBlankInWords)] string? IssuerId = null,
    [property: Field(Pattern = BulkRevocationBody.PathIdForm, PatternInWords = BulkRevocationBody.PathIdInWords)] string? PathId = null,
    [property: Field(Words = Words.Sources)] string? Source = null,
    [property: Field(MinLength = 1, MaxLength = RevokeManyValidator.MaxSerials, MinItemLength = 1)]
    IReadOnlyList<string>? CertificateIds = null,
    bool DryRun = false,
    [property: Field(MaxLength = AdminNote.MaxLength)] string? Note = null)
{
    // A variable that is empty in a script must not widen what is revoked.
    internal const string NotBlank = @"^\S+$";
    internal const string NotBlankInWords = "a value without blanks; leave it out where it does not matter";
    internal const string PathIdForm = $@"^({EnrolmentPolicy.PathIdForm}|\(root\))$";
    internal const string PathIdInWords =
        "the PathID of a SCEP profile, or (root) for the root profile; leave it out where it does not matter";
}
