using System.Globalization;
using System.Security.Cryptography;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The issued certificates: found, downloaded, revoked.</summary>
internal static class CertificateEndpoints
{
    // Of the certificate profiles that an error names.
    private const int MaxNamed = 20;

    private static readonly QueryField<CertificateStatus?> Status = QueryField.Word<CertificateStatus>("status", "Where it stands now");
    private static readonly QueryField<string> IssuerId = QueryField.Text("issuer_id", "Whose it is, such as iss-local", Examples.IssuerId);

    private static readonly QueryField<string> ProfileId =
        QueryField.Text("profile_id", "The certificate profile it was issued under", Examples.ProfileId);

    private static readonly QueryField<string> PathId =
        QueryField.PathId("PathID of the SCEP profile it came through; (root) or an empty value for the root");

    private static readonly QueryField<string> Source = QueryField.Word("source", "Protocol", Vocabulary.Sources);
    private static readonly QueryField<string> Serial = QueryField.Serial("Serial number");

    private static readonly QueryField<string> Contains =
        QueryField.Text("q", "Stands in subject or alternative names; upper and lower case alike", Examples.Search);

    private static readonly QueryField<DateTimeOffset?> ExpiresBefore = QueryField.Time("expires_before", "Ends before this moment");
    private static readonly QueryField<DateTimeOffset?> ExpiresAfter = QueryField.Time("expires_after", "Ends at this moment or later");
    private static readonly QueryField<DateTimeOffset?> CreatedAfter = QueryField.Time("created_after", "Issued at this moment or later");
    private static readonly QueryField<DateTimeOffset?> CreatedBefore = QueryField.Time("created_before", "Issued before this moment");

    internal static readonly QueryField[] Filters =
    [
        Status, IssuerId, ProfileId, PathId, Source, Serial, Contains, ExpiresBefore, ExpiresAfter, CreatedAfter, CreatedBefore,
    ];

    private static readonly QueryField<string> Format = QueryField.Word(
        "format", "pem unless said; chain is PEM with the CA certificates behind it (RFC 8555 §9.1)", ["pem", "der", "chain"]);

    public static void MapCertificates(this IEndpointRouteBuilder api)
    {
        api.MapGet("/certificates", ListAsync).WithQuery([.. Filters, .. QueryField.OfLists]).Produces<Page<CertificateRow>>().Refuses(400)
            .WithSummary("The issued certificates")
            .WithDescription("Newest first. Every filter narrows; what is not given does not matter.");
        api.MapGet("/certificates/{id}", FindAsync).Produces<CertificateRow>().Refuses(404)
            .WithSummary("One certificate").WithDescription($"The id is its serial number {QueryField.SerialForms}.");
        api.MapGet("/certificates/{id}/download", DownloadAsync)
            .WithQuery(Format)
            .Produces<string>(200, MediaTypes.Pem, MediaTypes.Certificate, MediaTypes.PemChain).Refuses(400, 404)
            .WithSummary("The certificate itself");
        api.MapPost("/certificates/bulk-revoke", RevokeManyAsync).RequireAuthorization(ApiPolicy.Admin)
            .Accepts<BulkRevocationBody>("application/json").Produces<JobRow>().Produces<JobRow>(202).Refuses(400)
            .Sends(202, ResponseHeader.Location)
            .WithSummary("Revoke many certificates").WithDescription("Every one that all criteria name and that is issued by now. 202: a "
                + "job does it, and goes on without the caller; follow it at its Location. 200: dry_run, the counts as they would be.");
        api.MapPost("/certificates/{id}/revoke", RevokeAsync).RequireAuthorization(ApiPolicy.Operator)
            .Accepts<RevocationBody>(isOptional: true, "application/json").Produces<RevocationResult>().Refuses(400, 404, 409)
            .WithSummary("Revoke a certificate")
            .WithDescription("Renewals, GetCert and the next CRL know at once. One on hold may be revoked for another reason.");
        api.MapPost("/certificates/{id}/release", ReleaseAsync).RequireAuthorization(ApiPolicy.Operator)
            .Accepts<ReleaseBody>(isOptional: true, "application/json").Produces<RevocationResult>().Refuses(400, 404, 409)
            .WithSummary("End a certificateHold").WithDescription("Only that: what was revoked for another reason stays revoked.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ICertificateInventory inventory, ICertificateProfileRepository profiles, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var query = http.Request.Query;
        var filter = ReadFilter(query);
        if (await UnknownProfileAsync(filter.ProfileId, profiles, cancellationToken) is { } unknown)
            errors[ProfileId.Name] = [unknown];
        var paging = Paging.Read(query, errors);
        var before = Mark(paging.Cursor, errors);
        var now = clock.GetUtcNow();
        if (errors.Count > 0 || !await paging.IsWithinReachAsync(
            async () => (await inventory.ListAsync(filter, now, null, 0, 0, cancellationToken)).Total, errors))
            return Problems.Query(http, errors);
        var page = await inventory.ListAsync(filter, now, before, paging.Skip, paging.PerPage, cancellationToken);
        return paging.Of(
            [.. page.Certificates.Select(certificate => CertificateRow.Of(certificate, now))],
            page.Total,
            page.HasMore ? Cursor(page.Certificates[^1]) : null);
    }

    /// <param name="query">Was checked.</param>
    internal static CertificateFilter ReadFilter(IQueryCollection query) => new()
    {
        Status = Status.Of(query),
        IssuerId = IssuerId.Of(query),
        ProfileId = ProfileId.Of(query),
        PathId = PathId.Of(query),
        Source = Source.Of(query),
        SerialNumber = Serial.Of(query),
        Text = Contains.Of(query),
        ExpiresBefore = ExpiresBefore.Of(query),
        ExpiresAfter = ExpiresAfter.Of(query),
        CreatedAfter = CreatedAfter.Of(query),
        CreatedBefore = CreatedBefore.Of(query),
    };

    private static Task<IResult> FindAsync(
        string id, HttpContext http, ICertificateInventory inventory, IssuerRegistry issuers, TimeProvider clock,
        CancellationToken cancellationToken) =>
        WithAsync(
            id, http, inventory, issuers, certificate => MetaEndpoints.Json(CertificateRow.Of(certificate, clock.GetUtcNow())),
            cancellationToken);

    internal static async Task<IResult> DownloadAsync(
        string id, HttpContext http, ICertificateInventory inventory, IssuerRegistry issuers, CancellationToken cancellationToken)
    {
        var format = Format.Of(http.Request.Query) ?? "pem";
        return await WithAsync(id, http, inventory, issuers, certificate => format switch
        {
            "der" => Results.File(certificate.Der, MediaTypes.Certificate, $"{certificate.SerialNumber}.cer"),
            "pem" => Results.Text(Pem(certificate.Der) + "\n", MediaTypes.Pem),
            _ => Results.Text(
                string.Concat(issuers.ChainOf(certificate).Prepend(certificate.Der).Select(der => Pem(der.Span) + "\n")),
                MediaTypes.PemChain),
        }, cancellationToken);
    }

    private static async Task<IResult> RevokeAsync(
        string id, HttpContext http, AdminDispatcher dispatcher, ICertificateInventory inventory, IssuerRegistry issuers,
        CancellationToken cancellationToken)
    {
        var issuerId = await inventory.IssuerOfAsync(SerialNumberText.Read(id) ?? "", issuers, cancellationToken);
        return await ChangeAsync<RevocationBody>(
            id, http, dispatcher, "revoked", (body, serial, caller) =>
                new RevokeCertificateCommand(issuerId, serial, RevocationReasons.Of(body?.Reason), body?.Note ?? "", caller)
                {
                    InvalidSince = body?.InvalidityDate,
                },
                cancellationToken);
    }

    private static async Task<IResult> ReleaseAsync(
        string id, HttpContext http, AdminDispatcher dispatcher, ICertificateInventory inventory, IssuerRegistry issuers,
        CancellationToken cancellationToken)
    {
        var issuerId = await inventory.IssuerOfAsync(SerialNumberText.Read(id) ?? "", issuers, cancellationToken);
        return await ChangeAsync<ReleaseBody>(
            id, http, dispatcher, "released",
            (body, serial, caller) => new ReleaseCertificateCommand(issuerId, serial, body?.Note ?? "", caller),
            cancellationToken);
    }

    /// <param name="command">Of body and serial number.</param>
    private static async Task<IResult> ChangeAsync<TBody>(
        string id, HttpContext http, AdminDispatcher dispatcher, string status, Func<TBody?, string, AdminCaller, AdminCommand> command,
        CancellationToken cancellationToken)
        where TBody : class
    {
        var (body, errors) = await JsonBody.ReadAsync<TBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var change = command(body, SerialNumberText.Read(id) ?? "", AdminAnswer.Caller(http));
        return AdminAnswer.Of(http, await dispatcher.SendAsync(change, cancellationToken), summary => MetaEndpoints.Json(
            new RevocationResult(status, summary)));
    }

    private static async Task<IResult> RevokeManyAsync(
        HttpContext http, AdminDispatcher dispatcher, ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<BulkRevocationBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var serials = body!.CertificateIds?.Select(SerialNumberText.Read).ToList();
        if (serials?.Contains(null) == true)
            return AdminAnswer.Invalid(
                http,
                new Dictionary<string, string[]> { ["certificate_ids"] = [$"must be serial numbers, each {QueryField.SerialForms}"] });
        if (await UnknownProfileAsync(body.ProfileId, profiles, cancellationToken) is { } unknown)
            return AdminAnswer.Invalid(http, new Dictionary<string, string[]> { ["profile_id"] = [unknown] });
        var filter = new CertificateFilter
        {
            ProfileId = body.ProfileId,
            IssuerId = body.IssuerId,
            PathId = body.PathId is { } path ? ScepPathId.Of(path) : null,
            Source = body.Source,
        };
        var command = new RevokeManyCommand(
            new RevocationCriteria(filter, serials?.OfType<string>().ToList()), RevocationReasons.Of(body.Reason), body.DryRun,
            body.Note ?? "", AdminAnswer.Caller(http));
        return AdminAnswer.OfJob(http, await dispatcher.SendAsync(command, cancellationToken), job =>
        {
            if (body.DryRun)
                return JobEndpoints.Show(JobRow.Of(job, dryRun: true));
            http.Response.Headers.Location = $"{JobEndpoints.Path}/{job.Id}";
            return JobEndpoints.Show(JobRow.Of(job), StatusCodes.Status202Accepted);
        });
    }

    // A profile that certificates refer to is never deleted: under one that is not there, none was issued.
    private static async Task<string?> UnknownProfileAsync(
        string? id, ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        if (id is null || await profiles.FindAsync(id, fresh: true, cancellationToken) is not null)
            return null;
        var known = await profiles.ListAsync(cancellationToken);
        var listed = string.Join(", ", known.Take(MaxNamed).Select(profile => profile.Id));
        return known.Count <= MaxNamed
            ? $"must be one of {listed}"
            : $"is not the id of a certificate profile; the first of {known.Count} are {listed}";
    }

    private static async Task<IResult> WithAsync(
        string id, HttpContext http, ICertificateInventory inventory, IssuerRegistry issuers, Func<IssuedCertificate, IResult> show,
        CancellationToken cancellationToken) =>
        SerialNumberText.Read(id) is { } serial
        && await inventory.IssuerOfAsync(serial, issuers, cancellationToken) is var issuerId
        && await inventory.FindAsync(issuerId, serial, cancellationToken) is { } certificate
            ? show(certificate)
            : Problems.Problem(http, StatusCodes.Status404NotFound, "Certificate not found");

    internal static string Pem(ReadOnlySpan<byte> der) => PemEncoding.WriteString("CERTIFICATE", der);

    // Microseconds are the database's grain.
    internal static string Cursor(IssuedCertificate last) =>
        $"{(last.CreatedAt.UtcTicks / TimeSpan.TicksPerMicrosecond).ToString("x", CultureInfo.InvariantCulture)}.{last.SerialNumber}";

    internal static CertificateMark? Mark(string? cursor, Dictionary<string, string[]> errors)
    {
        if (cursor is null)
            return null;
        var parts = cursor.Split('.');
        if (parts.Length == 2 && parts[1].Length == 40 && SerialNumberText.Read(parts[1]) is { } serial
            && long.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var time)
            && time >= 0 && time <= DateTimeOffset.MaxValue.UtcTicks / TimeSpan.TicksPerMicrosecond)
            return new CertificateMark(new DateTimeOffset(time * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero), serial);
        errors["cursor"] = [Paging.NotACursor];
        return null;
    }
}
