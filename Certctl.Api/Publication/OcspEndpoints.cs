using System.Globalization;
using Certctl.Api.Hosting.Http;
using Certctl.Application.Issuers;
using Certctl.Application.Publication.Ocsp;
using Microsoft.Net.Http.Headers;

namespace Certctl.Api.Publication;

/// <summary>
/// OCSP over HTTP (RFC 6960 §A.1, RFC 9919 §5). RFC 6960 §A.2: an OCSPResponse comes with status 200, also one that says why there is no
/// other.
/// </summary>
internal static class OcspEndpoints
{
    private const string RequestType = "application/ocsp-request";
    private const string ResponseType = "application/ocsp-response";

    /// <summary>Octets. Requests have some hundred; beyond: 413.</summary>
    private const int MaxRequest = 64 * 1024;

    // RFC 6960 §4.2.1: OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED }.
    private static readonly byte[] MalformedRequest = [0x30, 0x03, 0x0A, 0x01, 0x01];
    private static readonly byte[] TryLater = [0x30, 0x03, 0x0A, 0x01, 0x03];

    public static Task ServeAsync(HttpContext http, PublicationServices services, PublicationTarget target)
    {
        if (services.FindIssuer(target.Name) is not { } issuer)
            return PublicationEndpoints.NotFound(http);
        var posts = HttpMethods.IsPost(http.Request.Method) && string.IsNullOrEmpty(target.Rest);
        if (!posts && !PublicationEndpoints.IsRead(http))
            return PublicationEndpoints.NotAllowed(http, string.IsNullOrEmpty(target.Rest) ? "GET, HEAD, POST" : "GET, HEAD");
        if (!services.Limit.TryPass(http.Connection.RemoteIpAddress))
        {
            services.Ocsp.Limited(issuer);
            http.Response.Headers.RetryAfter = services.Limit.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return SendAsync(http, services, new OcspReply(TryLater, null));
        }

        return posts ? PostAsync(http, services, issuer) : GetAsync(http, services, issuer, target.Rest ?? "");
    }

    private static async Task GetAsync(HttpContext http, PublicationServices services, IPublishesStatus issuer, string raw)
    {
        var text = OcspGetText.Read(raw);
        var reply = text switch
        {
            { SerialNumber: { } serialNumber } => await services.Ocsp.ToSerialNumber(issuer, serialNumber, http.RequestAborted),
            { Request: { } request } => await services.Ocsp.ToRequest(issuer, request, http.RequestAborted),
            _ => new OcspReply(MalformedRequest, null),
        };
        await SendAsync(http, services, reply);
    }

    private static async Task PostAsync(HttpContext http, PublicationServices services, IPublishesStatus issuer)
    {
        // Compat: clients that leave it out. Another type is another protocol.
        if (http.Request.ContentType is { Length: > 0 } type
            && !(MediaTypeHeaderValue.TryParse(type, out var media)
                && media.MediaType.Equals(RequestType, StringComparison.OrdinalIgnoreCase)))
        {
            http.Response.Headers.Accept = RequestType;
            await PublicationEndpoints.SayAsync(http, StatusCodes.Status415UnsupportedMediaType, $"The content type is {RequestType}.");
            return;
        }

        if (await http.ReadWholeBodyAsync(MaxRequest) is not { } body)
            await PublicationEndpoints.SayAsync(http, StatusCodes.Status413PayloadTooLarge, "The request is too large.");
        else
            await SendAsync(http, services, body.Length == 0
                ? new OcspReply(MalformedRequest, null)
                : await services.Ocsp.ToRequest(issuer, body, http.RequestAborted));
    }

    private static async Task SendAsync(HttpContext http, PublicationServices services, OcspReply reply)
    {
        if (reply.Validity is { } validity)
        {
            // RFC 9919 §6.2: Last-Modified is thisUpdate, Expires is nextUpdate, max-age ends no later.
            var terms = new CacheTerms(CacheTerms.TagOf(reply.Der), validity.ThisUpdate, validity.NextUpdate);
            terms.Write(http.Response, services.Clock.GetUtcNow(), CacheTerms.OfStatus, expires: validity.NextUpdate);

            // RFC 9110 §13.1.2: 304 is an answer to GET and HEAD. By the tag alone: "good" and "revoked" may be signed within one second.
            if (PublicationEndpoints.IsRead(http) && terms.IsHeldBy(http.Request, byDate: false))
            {
                http.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        else
        {
            // RFC 9919 §6.2: what is not authoritative, or for one client alone, is not for caches.
            http.Response.Headers.CacheControl = "no-store";
        }

        http.Response.ContentType = ResponseType;
        http.Response.ContentLength = reply.Der.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(reply.Der, http.RequestAborted);
    }
}
