using Certctl.Api.Hosting.Http;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;

namespace Certctl.Api.Scep;

/// <summary>
/// SCEP over HTTP (RFC 8894 §4): profile from the path, operation from the query, octets in and out. Content types are bare: several
/// clients compare them to the letter.
/// </summary>
internal static class ScepEndpoints
{
    private const string PkiMessage = "application/x-pki-message";
    private const string OutageSeconds = "300";
    private const string PendingSeconds = "300";

    /// <summary>Where a profile is served.</summary>
    public static string PathOf(string pathId) => pathId.Length == 0 ? "/scep" : $"/scep/{pathId}";

    public static void MapScep(this IEndpointRouteBuilder routes)
    {
        routes.Map("/scep", HandleAsync);
        routes.Map("/scep/{**rest}", HandleAsync);

        // Compat: URLs that devices have built in and that no operator can change.
        routes.Map("/cgi-bin/pkiclient.exe/{**rest}", HandleAsync);
        routes.Map("/certsrv/mscep/mscep.dll/{**rest}", HandleAsync);
    }

    private static Task HandleAsync(HttpContext http, ScepProfileTable profiles, ScepServices services)
    {
        var path = http.Request.Path;
        var profile = path.StartsWithSegments("/scep", out var behind) ? profiles.Find(behind) : profiles.Find("");
        if (profile is null)
            return DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "No SCEP profile at this path.");
        return ServeAsync(http, profile, services, DeviceAnswer.OriginOf(http));
    }

    public static Task ServeAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!profile.Codec.CanAnswer)
        {
            // An outage, and /ready says which; a device may simply try again.
            http.Response.Headers.RetryAfter = OutageSeconds;
            return DeviceAnswer.Say(http, StatusCodes.Status503ServiceUnavailable, "This SCEP profile has no valid RA certificate.");
        }

        return http.Request.Method switch
        {
            "GET" => GetAsync(http, profile, services, origin),
            "POST" => PostAsync(http, profile, services, origin),
            _ => DeviceAnswer.NotAllowed(http, "GET, HEAD, POST"),
        };
    }

    private static Task GetAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        var query = http.Request.QueryString.Value;
        switch (ScepQuery.Operation(query)?.ToUpperInvariant())
        {
            case "GETCACAPS":
                // RFC 8894 §3.5.2: one keyword a line.
                return DeviceAnswer.Send(
                    http, "text/plain", System.Text.Encoding.ASCII.GetBytes(string.Join('\n', profile.Capabilities) + "\n"));
            case "GETCACERT" or "GETCACERTCHAIN":
                var certificates = profile.Codec.CaCertificates();
                return DeviceAnswer.Send(
                    http, certificates.IsBag ? "application/x-x509-ca-ra-cert" : "application/x-x509-ca-cert", certificates.Body);
            case "PKIOPERATION" when HttpManners.IsHead(http):
                // RFC 9110 §9.2.1: HEAD is safe, and this would enrol.
                return DeviceAnswer.NotAllowed(http, "GET, POST");
            case "PKIOPERATION":
                return ScepQuery.Message(query) is { } message
                    ? services.Gate.RunAsync(http, () => AnswerAsync(http, profile, services, message, posted: false, origin))
                    : DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, "The message parameter is missing or is not base64.");
            case "GETNEXTCACERT":
                return profile.Codec.NextCaCertificates() is { } following
                    ? DeviceAnswer.Send(http, "application/x-x509-next-ca-cert", following)
                    : DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "No next CA certificate is staged.");
            case null or "":
                return DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, "The operation parameter is missing.");
            default:
                return DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, "Unknown SCEP operation.");
        }
    }

    private static async Task PostAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        // RFC 8894 §4.3: with POST there is but one operation; many clients leave it out.
        switch (ScepQuery.Operation(http.Request.QueryString.Value)?.ToUpperInvariant())
        {
            case null or "" or "PKIOPERATION":
                break;
            case "GETCACAPS" or "GETCACERT" or "GETCACERTCHAIN" or "GETNEXTCACERT":
                await DeviceAnswer.NotAllowed(http, "GET, HEAD");
                return;
            default:
                await DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, "Unknown SCEP operation.");
                return;
        }

        // Whatever Content-Type the client claims, the body is taken as it comes.
        var body = await http.ReadWholeBodyAsync(services.MaxBodySize);
        if (body is null)
            await DeviceAnswer.Say(http, StatusCodes.Status413PayloadTooLarge, "The message is too large.");
        else if (body.Length == 0)
            await DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, "Empty request body.");
        else
            await services.Gate.RunAsync(http, () => AnswerAsync(http, profile, services, body, posted: true, origin));
    }

    private static async Task AnswerAsync(
        HttpContext http, ScepProfile profile, ScepServices services, byte[] message, bool posted, RequestOrigin origin)
    {
        // Not the request's token: the attempt is recorded even when the client disconnects, and a certificate can be asked for again.
        switch (await services.Responder.AnswerAsync(profile, message, posted, origin, CancellationToken.None))
        {
            case ScepAnswer.Message(var octets):
                await DeviceAnswer.Send(http, PkiMessage, octets);
                break;
            case ScepAnswer.Pending:
                http.Response.Headers.RetryAfter = PendingSeconds;
                await DeviceAnswer.Say(
                    http, StatusCodes.Status202Accepted, "The request waits for an operator; send it again, octet for octet.");
                break;
            case ScepAnswer.Unreadable(var text):
                await DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, text);
                break;
            case ScepAnswer.Refused(var text):
                await DeviceAnswer.Say(http, StatusCodes.Status403Forbidden, text);
                break;
            default:
                throw new InvalidOperationException("An answer is one of four.");
        }
    }
}
