using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Admin.Endpoints;

/// <summary>The issued certificates: found, downloaded, revoked.</summary>
internal static class CertificateEndpoints
{
    private const string Origin = "REST API";

    private static readonly QueryField[] Filters =
    [
        new("status", "Where it stands now", Words: QueryText.Words<CertificateStatus>()),
        new("issuer_id", "Whose it is, such as iss-local"),
        new("profile_id", "The certificate profile it was issued under"),
        new("path_id", "PathID of the SCEP profile it came through; empty for the root"),
        new("source", "Protocol, such as SCEP"),
        new("serial", "Serial number in hex digits, with or without colons"),
        new("q", "Stands in subject or alternative names; upper and lower case alike"),
        QueryField.Time("expires_before", "Ends before this moment"),
        QueryField.Time("expires_after", "Ends at this moment or later"),
        QueryField.Time("created_after", "Issued at this moment or later"),
        QueryField.Time("created_before", "Issued before this moment"),
    ];

    public static void MapCertificates(this IEndpointRouteBuilder api)
    {
        api.MapGet("/certificates", ListAsync).WithQuery([.. Filters, .. QueryField.OfLists]).Produces<Page<CertificateRow>>().Refuses(400)
            .WithSummary("The issued certificates").WithDescription("Newest first. Every filter narrows; what is not given does not matter.");
        api.MapGet("/certificates/{id}", FindAsync).Produces<CertificateRow>().Refuses(404)
            .WithSummary("One certificate").WithDescription("The id is its serial number in hex digits, with or without colons.");
        api.MapGet("/certificates/{id}/download", DownloadAsync)
            .WithQuery(new QueryField("format", "pem unless said; chain is PEM with the CA certificates behind it (RFC 8555 §9.1)", Words: ["pem", "der", "chain"]))
            .Produces<string>(200, "application/x-pem-file", "application/pkix-cert", "application/pem-certificate-chain").Refuses(400, 404)
            .WithSummary("The certificate itself");
        api.MapPost("/certificates/{id}/revoke", RevokeAsync).RequireAuthorization(ApiPolicy.Operator)
            .Accepts<RevocationBody>(isOptional: true, "application/json").Produces<RevocationResult>().Refuses(400, 404, 409)
            .WithSummary("Revoke a certificate").WithDescription("Renewals, GetCert and the next CRL know at once. One on hold may be revoked for another reason.");
        api.MapPost("/certificates/{id}/release", ReleaseAsync).RequireAuthorization(ApiPolicy.Operator)
            .Accepts<ReleaseBody>(isOptional: true, "application/json").Produces<RevocationResult>().Refuses(400, 404, 409)
            .WithSummary("End a certificateHold").WithDescription("Only that: what was revoked for another reason stays revoked.");
    }

    private static async Task<IResult> ListAsync(HttpContext http, ICertificateInventory inventory, TimeProvider clock, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var query = http.Request.Query;
        var filter = new CertificateFilter
        {
            Status = QueryText.Word<CertificateStatus>(query, "status", errors),
            IssuerId = QueryText.Text(query, "issuer_id"),
            ProfileId = QueryText.Text(query, "profile_id"),
            PathId = query.ContainsKey("path_id") ? query["path_id"].ToString() : null,
            Source = QueryText.Text(query, "source"),
            SerialNumber = QueryText.Serial(query, errors),
            Text = QueryText.Text(query, "q"),
            ExpiresBefore = QueryText.Time(query, "expires_before", errors),
            ExpiresAfter = QueryText.Time(query, "expires_after", errors),
            CreatedAfter = QueryText.Time(query, "created_after", errors),
            CreatedBefore = QueryText.Time(query, "created_before", errors),
        };
        var paging = Paging.Read(query, errors);
        var before = Mark(paging.Cursor, errors);
        if (errors.Count > 0)
            return Problems.Problem(http, StatusCodes.Status400BadRequest, "The query cannot be read.", errors);
        var now = clock.GetUtcNow();
        var page = await inventory.ListAsync(filter, now, before, paging.Skip, paging.PerPage, cancellationToken);
        return paging.Of([.. page.Certificates.Select(certificate => CertificateRow.Of(certificate, now))], page.Total, page.HasMore ? Cursor(page.Certificates[^1]) : null);
    }

    private static Task<IResult> FindAsync(
        string id, HttpContext http, ICertificateInventory inventory, ScepProfileTable profiles, TimeProvider clock, CancellationToken cancellationToken) =>
        WithAsync(id, http, inventory, profiles, certificate => MetaEndpoints.Json(CertificateRow.Of(certificate, clock.GetUtcNow())), cancellationToken);

    private static async Task<IResult> DownloadAsync(string id, HttpContext http, ICertificateInventory inventory, ScepProfileTable profiles, CancellationToken cancellationToken)
    {
        var format = QueryText.Text(http.Request.Query, "format") ?? "pem";
        if (format is not ("pem" or "der" or "chain"))
            return Problems.Problem(http, StatusCodes.Status400BadRequest, "The query cannot be read.", new Dictionary<string, string[]> { ["format"] = ["must be one of pem, der, chain"] });
        return await WithAsync(id, http, inventory, profiles, certificate => format switch
        {
            "der" => Results.File(certificate.Der, "application/pkix-cert", $"{certificate.SerialNumber}.cer"),
            "pem" => Results.Text(Pem(certificate.Der) + "\n", "application/x-pem-file"),
            _ => Results.Text(string.Concat(ChainOf(certificate, profiles).Prepend(certificate.Der).Select(der => Pem(der.Span) + "\n")), "application/pem-certificate-chain"),
        }, cancellationToken);
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext http, AdminDesk desk, ScepProfileTable profiles, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<RevocationBody>(http, cancellationToken);
        var reason = RevocationReason.Unspecified;
        if (body?.Reason is { Length: > 0 } word && !TryReason(word, out reason))
            errors = new Dictionary<string, string[]> { ["reason"] = [$"must be one of {string.Join(", ", Enum.GetValues<RevocationReason>().Select(Word))}"] };
        if (errors is not null)
            return Problems.Problem(http, StatusCodes.Status400BadRequest, "Invalid JSON body", errors);
        return QueryText.Serial(id) is not { } serial
            ? Unknown(http)
            : Answer(http, await desk.SendAsync(new RevokeCertificateCommand(IssuerIds(profiles), serial, reason, ApiPolicy.ActorOf(http), body?.Note ?? "", Origin), cancellationToken), "revoked");
    }

    private static async Task<IResult> ReleaseAsync(string id, HttpContext http, AdminDesk desk, ScepProfileTable profiles, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<ReleaseBody>(http, cancellationToken);
        if (errors is not null)
            return Problems.Problem(http, StatusCodes.Status400BadRequest, "Invalid JSON body", errors);
        return QueryText.Serial(id) is not { } serial
            ? Unknown(http)
            : Answer(http, await desk.SendAsync(new ReleaseCertificateCommand(IssuerIds(profiles), serial, ApiPolicy.ActorOf(http), body?.Note ?? "", Origin), cancellationToken), "released");
    }

    private static IResult Answer(HttpContext http, AdminOutcome outcome, string status) => outcome switch
    {
        AdminOutcome.Done(var summary) => MetaEndpoints.Json(new RevocationResult(status, summary)),
        AdminOutcome.NotFound => Unknown(http),
        AdminOutcome.Conflict(var detail) => Problems.Problem(http, StatusCodes.Status409Conflict, detail),
        AdminOutcome.Invalid(var problems) => Problems.Problem(http, StatusCodes.Status400BadRequest, string.Join("; ", problems)),
        _ => throw new InvalidOperationException("No revocation ends like that."),
    };

    private static async Task<IResult> WithAsync(
        string id, HttpContext http, ICertificateInventory inventory, ScepProfileTable profiles, Func<IssuedCertificate, IResult> show, CancellationToken cancellationToken) =>
        QueryText.Serial(id) is { } serial && await inventory.FindAsync(IssuerIds(profiles), serial, cancellationToken) is { } certificate ? show(certificate) : Unknown(http);

    private static IResult Unknown(HttpContext http) => Problems.Problem(http, StatusCodes.Status404NotFound, "Certificate not found");

    private static IEnumerable<Application.Enrolment.ICertificateIssuer> Issuers(ScepProfileTable profiles) =>
        profiles.All.Values.SelectMany(profile => new[] { profile.Issuer, profile.NextIssuer }).OfType<Application.Enrolment.ICertificateIssuer>().Distinct();

    private static List<string> IssuerIds(ScepProfileTable profiles) => [.. Issuers(profiles).Select(issuer => issuer.IssuerId).Distinct()];

    // A CA of before, whose certificates still stand in the inventory, is not known here any more: then the certificate comes alone.
    private static IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(IssuedCertificate certificate, ScepProfileTable profiles) =>
        Issuers(profiles).FirstOrDefault(issuer => issuer.HasIssued(certificate))?.Chain ?? [];

    private static string Pem(ReadOnlySpan<byte> der) => PemEncoding.WriteString("CERTIFICATE", der);

    // Microseconds are the database's grain.
    private static string Cursor(IssuedCertificate last) =>
        $"{(last.CreatedAt.UtcTicks / TimeSpan.TicksPerMicrosecond).ToString("x", CultureInfo.InvariantCulture)}.{last.SerialNumber}";

    private static CertificateMark? Mark(string? cursor, Dictionary<string, string[]> errors)
    {
        if (cursor is null)
            return null;
        var parts = cursor.Split('.');
        if (parts.Length == 2 && parts[1].Length == 40 && QueryText.Serial(parts[1]) is { } serial
            && long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var time) && time >= 0 && time <= DateTimeOffset.MaxValue.UtcTicks / TimeSpan.TicksPerMicrosecond)
            return new CertificateMark(new DateTimeOffset(time * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero), serial);
        errors["cursor"] = [Paging.StrangeCursor];
        return null;
    }

    // As upstream and RFC 5280 write them: keyCompromise.
    internal static string Word(RevocationReason reason) => JsonNamingPolicy.CamelCase.ConvertName($"{reason}");

    private static bool TryReason(string word, out RevocationReason reason)
    {
        foreach (var known in Enum.GetValues<RevocationReason>())
        {
            reason = known;
            if (Word(known) == word)
                return true;
        }

        reason = default;
        return false;
    }
}

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
