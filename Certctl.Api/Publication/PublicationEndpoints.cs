using Certctl.Api.Hosting.Http;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Microsoft.AspNetCore.Http.Features;

namespace Certctl.Api.Publication;

/// <summary>
/// <c>/.well-known/pki</c>: CRLs, CA certificates and OCSP for all who ask (RFC 2585, RFC 6960 §A.1, RFC 9919). One handler reads the
/// target as it was sent, so that both listeners serve the same, and the plain one needs no routing that could lead elsewhere.
/// </summary>
internal static class PublicationEndpoints
{
    /// <summary>Until a CRL that is being made is there.</summary>
    private const string CrlSeconds = "5";

    public static void MapPublication(this IEndpointRouteBuilder routes) => routes.Map(
        StatusUrls.Root + "/{**rest}", (HttpContext http, PublicationServices services) => ServeAsync(http, services));

    public static Task ServeAsync(HttpContext http, PublicationServices services)
    {
        if (PublicationTarget.Read(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is not { } target)
            return NotFound(http);
        return target.Kind switch
        {
            "crl" when target.Rest is null => CrlAsync(http, services, target.Name),
            "crl" => PartAsync(http, services, target.Name, target.Rest),
            "delta" when target.Rest is null => DeltaAsync(http, services, target.Name),
            "ca" when target.Rest is null => CaAsync(http, services, target.Name),
            "ocsp" => OcspEndpoints.ServeAsync(http, services, target),
            _ => NotFound(http),
        };
    }

    private static async Task CrlAsync(HttpContext http, PublicationServices services, string file)
    {
        var (name, form) = Split(file);
        if (form is not ("" or ".crl" or ".pem") || services.FindIssuer(name) is not { } issuer
            || (issuer.Crls is null && issuer.HasKey) || services.HasEnded(issuer, null))
        {
            await NotFound(http);
            return;
        }

        if (!IsRead(http))
        {
            await NotAllowed(http, "GET, HEAD");
            return;
        }

        // A start does not wait for it, so that the first clients do.
        if ((services.FindCrl(issuer) ?? await services.AwaitCrl(issuer, http.RequestAborted)) is not { } crl)
        {
            await NotYetAsync(http);
            return;
        }

        await SendAsync(http, services, crl, form, () => services.FindCrl(issuer));
    }

    // The CRL of one partition of the certificates.
    private static Task PartAsync(HttpContext http, PublicationServices services, string name, string file)
    {
        var (partition, form) = Split(file);
        return partition == CrlScope.Delta ? NotFound(http) : PartAsync(http, services, name, partition, form);
    }

    private static Task DeltaAsync(HttpContext http, PublicationServices services, string file)
    {
        var (name, form) = Split(file);
        return PartAsync(http, services, name, CrlScope.Delta, form);
    }

    private static Task PartAsync(HttpContext http, PublicationServices services, string name, string partition, string form)
    {
        if (form is not ("" or ".crl" or ".pem") || services.FindIssuer(name) is not { } issuer || services.HasEnded(issuer, partition))
            return NotFound(http);
        if (services.FindCrl(issuer, partition) is not { } crl)
            return IsMadeLater(issuer, partition) ? NotYetAsync(http) : NotFound(http);
        return IsRead(http)
            ? SendAsync(http, services, crl, form, () => services.FindCrl(issuer, partition))
            : NotAllowed(http, "GET, HEAD");
    }

    // It stands in certificates before it is made, or this process has just started. Caches keep a 404.
    private static bool IsMadeLater(IPublishesStatus issuer, string partition) =>
        partition == CrlScope.Delta ? issuer.FreshestUrl is not null : CrlPartition.IsName(partition);

    private static Task NotYetAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = CrlSeconds;
        return SayAsync(http, StatusCodes.Status503ServiceUnavailable, "The CRL is not made yet.");
    }

    private static Task SendAsync(
        HttpContext http, PublicationServices services, PublishedCrl crl, string form, Func<PublishedCrl?> current)
    {
        var files = services.FilesOf(crl);
        return PublishedFileSender.SendAsync(
            http, form == ".pem" ? files.Pem : files.Der, CacheTerms.OfStatus, services, () => current() == crl);
    }

    private static Task CaAsync(HttpContext http, PublicationServices services, string file)
    {
        var (name, form) = Split(file);
        if (form is not ("" or ".cer" or ".pem" or ".p7c") || services.FindIssuer(name) is not { } issuer)
            return NotFound(http);
        if (!IsRead(http))
            return NotAllowed(http, "GET, HEAD");
        var files = services.FilesOf(issuer);
        var asked = form switch { ".pem" => files.Pem, ".p7c" => files.Bag, _ => files.Certificate };
        return PublishedFileSender.SendAsync(http, asked, CacheTerms.OfCertificate, services, () => true);
    }

    public static bool IsRead(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);

    public static Task NotFound(HttpContext http) => SayAsync(http, StatusCodes.Status404NotFound, "Nothing is published at this path.");

    public static Task NotAllowed(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return SayAsync(http, StatusCodes.Status405MethodNotAllowed, "Method not allowed.");
    }

    public static Task SayAsync(HttpContext http, int status, string text)
    {
        http.Response.Headers.CacheControl = "no-store";
        return DeviceAnswer.Say(http, status, text);
    }

    // An issuer id has no dot (docs/api.md), so what follows the last one is the form.
    private static (string Name, string Form) Split(string file) =>
        Path.GetExtension(file) is { Length: > 0 } form ? (file[..^form.Length], form.ToLowerInvariant()) : (file, "");
}
