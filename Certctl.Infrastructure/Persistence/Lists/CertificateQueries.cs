using System.Text.Encodings.Web;
using System.Text.Json;
using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>A filter of the certificates as a query.</summary>
internal static class CertificateQueries
{
    // How nearly all come; the index leaves them out, and a query that wants others says so in the index's own words.
    public const string CommonSource = "SCEP";

    /// <summary>All of the filter but its status: what it says of a certificate once, it says for ever.</summary>
    /// <param name="textByIndex">False: what else is asked leaves so few that looking at each is cheaper than all that an index of text
    /// finds.</param>
    public static IQueryable<IssuedCertificate> Matching(this CertctlDbContext db, CertificateFilter filter, bool textByIndex = true)
    {
        var certificates = db.Certificates.AsNoTracking();
        if (filter.IssuerId is { } issuer)
            certificates = certificates.Where(certificate => certificate.IssuerId == issuer);
        if (filter.ProfileId is { } profile)
            certificates = certificates.Where(certificate => certificate.ProfileId == profile);
        if (filter.PathId is { } path)
            certificates = certificates.Where(certificate => certificate.PathId == path);
        if (filter.Source is { } source)
        {
            certificates = source == CommonSource
                ? certificates.Where(certificate => certificate.Source == CommonSource)
                : certificates.Where(certificate => certificate.Source == source && certificate.Source != CommonSource);
        }

        if (filter.SerialNumber is { } serial)
            certificates = certificates.Where(certificate => certificate.SerialNumber == serial);
        if (filter.ExpiresBefore is { } expiresBefore)
            certificates = certificates.Where(certificate => certificate.NotAfter < expiresBefore);
        if (filter.ExpiresAfter is { } expiresAfter)
            certificates = certificates.Where(certificate => certificate.NotAfter >= expiresAfter);
        if (filter.CreatedAfter is { } createdAfter)
            certificates = certificates.Where(certificate => certificate.CreatedAt >= createdAfter);
        if (filter.CreatedBefore is { } createdBefore)
            certificates = certificates.Where(certificate => certificate.CreatedAt < createdBefore);
        return filter.Text is not { } text
            ? certificates
            : db is PostgresCertctlDbContext ? Like(certificates, text, textByIndex) : Containing(certificates, text.ToLowerInvariant());
    }

    public static IQueryable<IssuedCertificate> Standing(
        this IQueryable<IssuedCertificate> certificates, CertificateStatus? status, DateTimeOffset now) => status switch
        {
            CertificateStatus.Active => certificates.Where(certificate => certificate.RevokedAt == null && certificate.NotAfter > now),
            CertificateStatus.Expired => certificates.Where(certificate => certificate.RevokedAt == null && certificate.NotAfter <= now),
            CertificateStatus.Revoked => certificates.RevokedForGood(),
            CertificateStatus.OnHold => certificates.OnHold(),
            _ => certificates,
        };

    public static IQueryable<IssuedCertificate> RevokedForGood(this IQueryable<IssuedCertificate> certificates) =>
        certificates.Where(
            certificate => certificate.RevokedAt != null && certificate.RevocationReason != RevocationReason.CertificateHold);

    // Time and reason come and go together. Asked for the time as well,
    // PostgreSQL would look through all that is revoked for the few on hold.
    public static IQueryable<IssuedCertificate> OnHold(this IQueryable<IssuedCertificate> certificates) =>
        certificates.Where(certificate => certificate.RevocationReason == RevocationReason.CertificateHold);

    /// <summary>Restricts the query to the range that was counted; nothing lies outside it.</summary>
    public static IQueryable<IssuedCertificate> Within(this IQueryable<IssuedCertificate> certificates, CountSnapshot counted)
    {
        if (counted.Oldest is { } oldest)
            certificates = certificates.Where(certificate => certificate.CreatedAt >= oldest);
        if (counted.Newest is { } newest)
            certificates = certificates.Where(certificate => certificate.CreatedAt <= newest);
        return certificates;
    }

    // The names stand as a JSON list.
    private static string Json(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();

    private static IQueryable<IssuedCertificate> Like(IQueryable<IssuedCertificate> certificates, string text, bool byIndex)
    {
        var (pattern, json) = (TextSearch.Pattern(text), TextSearch.Pattern(Json(text)));

        // No index has the sum of a text and nothing.
        if (!byIndex)
        {
            return certificates.Where(certificate => EF.Functions.ILike(certificate.Subject + "", pattern, TextSearch.Escape)
                || EF.Functions.ILike((string)(object)certificate.SubjectAltNames + "", json, TextSearch.Escape));
        }

        return certificates.Where(certificate => EF.Functions.ILike(certificate.Subject, pattern, TextSearch.Escape)
            || EF.Functions.ILike((string)(object)certificate.SubjectAltNames, json, TextSearch.Escape));
    }

    // Not by LIKE: SQLite's knows upper and lower case of ASCII alone, and no index would serve it.
    // Here what is no ASCII stands escaped in the list.
#pragma warning disable CA1862 // EF translates this form to SQL and no overload with a StringComparison.
    private static IQueryable<IssuedCertificate> Containing(IQueryable<IssuedCertificate> certificates, string text)
    {
        var json = Json(text);
        var ascii = JsonEncodedText.Encode(text).ToString().ToLowerInvariant();
        return certificates.Where(certificate =>
            certificate.Subject.ToLower().Contains(text)
            || ((string)(object)certificate.SubjectAltNames).ToLower().Contains(json)
            || ((string)(object)certificate.SubjectAltNames).ToLower().Contains(ascii));
    }
#pragma warning restore CA1862
}
