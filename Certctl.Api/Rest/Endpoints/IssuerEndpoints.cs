using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Publication;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Issuers;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Audit;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The CAs that issue. They are set up by the configuration; here one reads and tests.</summary>
internal static class IssuerEndpoints
{
    public static void MapIssuers(this IEndpointRouteBuilder api)
    {
        api.MapGet("/issuers", ListAsync).WithQuery(QueryField.Page, QueryField.PerPage).Produces<Page<IssuerView>>().Refuses(400)
            .WithSummary("The issuers");
        api.MapGet("/issuers/{id}", FindAsync).Produces<IssuerView>().Refuses(404).WithSummary("One issuer")
            .WithDescription("Its certificate and chain, and those of the CA that follows where one is staged.");
        api.MapPost("/issuers/{id}/test", TestAsync).RequireAuthorization(ApiPolicy.Operator).Produces<IssuerTested>().Refuses(404)
            .WithSummary("Test an issuer").WithDescription(
                "It signs something that is thrown away, and its certificate is looked at. 500 with the reasons when it cannot issue.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, IssuerRegistry issuers, CertctlOptions options, PublicationBase publication, IAuditRepository audit,
        TimeProvider clock, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        if (errors.Count > 0)
            return Problems.Query(http, errors);
        var all = new List<IssuerView>();
        foreach (var issuer in issuers.All)
            all.Add(await ViewAsync(issuer, options.Ca, publication, audit, clock, cancellationToken));
        return paging.Of([.. all.Skip(paging.Skip)], all.Count, null);
    }

    private static async Task<IResult> FindAsync(
        string id, HttpContext http, IssuerRegistry issuers, CertctlOptions options, PublicationBase publication, IAuditRepository audit,
        TimeProvider clock, CancellationToken cancellationToken) => issuers.Find(id) is { } issuer
        ? MetaEndpoints.Json(await ViewAsync(issuer, options.Ca, publication, audit, clock, cancellationToken))
        : Problems.Problem(http, StatusCodes.Status404NotFound, "Issuer not found");

    private static async Task<IResult> TestAsync(
        string id, HttpContext http, AdminDispatcher dispatcher, CancellationToken cancellationToken) =>
        AdminAnswer.Of(
            http,
            await dispatcher.SendAsync(new TestIssuerCommand(id, AdminAnswer.Caller(http)), cancellationToken),
            _ => MetaEndpoints.Json(new IssuerTested("connection_successful")));

    internal static async Task<IssuerView> ViewAsync(
        IssuerGenerations issuer, CaOptions ca, PublicationBase publication, IAuditRepository audit, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var ofIssuer = new AuditFilter { Action = AuditAction.IssuerTested, ResourceId = issuer.IssuerId };
        var tests = await audit.ListAsync(ofIssuer, null, 0, 1, cancellationToken);
        var last = tests.Events.Count > 0 ? tests.Events[0] : null;
        var now = clock.GetUtcNow();
        var current = CaView.Of(issuer.Current, now);
        var urls = new StatusUrls(ca.CrlUrls, ca.OcspUrl, ca.CaIssuersUrl);
        if (issuer.Current is IPublishesStatus status)
            urls = urls.OrOwn(publication.Url, IssuerNames.Of(status), status.Crls is not null);
        return new IssuerView(
            issuer.IssuerId,
            current.CommonName ?? current.Subject,
            "GenericCA",
            true,
            new IssuerConfig((int)ca.Validity.TotalDays, urls.Crls, urls.Ocsp, urls.CaIssuers),
            last?.Timestamp.UtcDateTime,
            last is null
                ? IssuerTestStatus.Untested
                : last.Outcome == AuditOutcome.Done ? IssuerTestStatus.Success : IssuerTestStatus.Failed,
            current,
            issuer.Next is { } next ? CaView.Of(next, now) : null);
    }
}

/// <param name="Name">The common name of its CA.</param>
/// <param name="Type">Always <c>GenericCA</c>, upstream's word for a CA whose key is a file of the server's.</param>
/// <param name="Enabled">Always true: what the configuration names, issues.</param>
/// <param name="LastTestedAt">Null: never.</param>
/// <param name="Ca">The CA that issues.</param>
/// <param name="NextCa">The CA that follows; null: none is staged.</param>
internal sealed record IssuerView(
    string Id,
    string Name,
    string Type,
    bool Enabled,
    IssuerConfig Config,
    DateTime? LastTestedAt,
    IssuerTestStatus TestStatus,
    CaView Ca,
    CaView? NextCa);

/// <summary>How the last test ended.</summary>
internal enum IssuerTestStatus
{
    Untested,
    Success,
    Failed,
}

/// <summary>What stands in what it issues. No file and no key is shown.</summary>
/// <param name="ValidityDays">Where the certificate profile does not shorten it.</param>
internal sealed record IssuerConfig(int ValidityDays, IReadOnlyList<string> CrlUrls, string? OcspUrl, string? CaIssuersUrl);

/// <summary>One CA by its certificate.</summary>
/// <param name="SerialNumber">Lower-case hex digits.</param>
/// <param name="KeyAlgorithm">Such as <c>RSA-3072</c> or <c>ECDSA-P256</c>.</param>
/// <param name="FingerprintSha256">64 lower-case hex digits over the certificate.</param>
/// <param name="DaysToExpiry">Whole days; negative once it has expired.</param>
/// <param name="SignsCrls">False: its keyUsage does not let it.</param>
/// <param name="ChainPem">Its certificate, then those above it as far as known (RFC 7468 §5).</param>
public sealed record CaView(
    string Subject,
    string? CommonName,
    string Issuer,
    string SerialNumber,
    DateTime NotBefore,
    DateTime NotAfter,
    int DaysToExpiry,
    string KeyAlgorithm,
    string FingerprintSha256,
    bool SignsCrls,
    string ChainPem)
{
    internal static CaView Of(ICertificateIssuer issuer, DateTimeOffset now)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(issuer.Chain[0].Span);
        using var rsa = certificate.GetRSAPublicKey();
        using var ecdsa = certificate.GetECDsaPublicKey();
        return new CaView(
            issuer.Name.ToString(),
            issuer.Name.CommonName,
            certificate.Issuer,
            certificate.SerialNumber.ToLowerInvariant(),
            certificate.NotBefore.ToUniversalTime(),
            issuer.NotAfter.UtcDateTime,
            (int)Math.Floor((issuer.NotAfter - now).TotalDays),
            rsa is not null ? $"RSA-{rsa.KeySize}" : $"ECDSA-P{ecdsa!.KeySize}",
            certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(),
            issuer is IPublishesStatus { Crls: not null },
            string.Join('\n', issuer.Chain.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span))) + "\n");
    }
}

/// <param name="Status">Always <c>connection_successful</c>.</param>
internal sealed record IssuerTested(string Status);
