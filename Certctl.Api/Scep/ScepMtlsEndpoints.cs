using Certctl.Api.Hosting.Http;
using Certctl.Application.Scep;
using Certctl.Application.Scep.Mtls;

namespace Certctl.Api.Scep;

/// <summary>
/// <c>/scep-mtls</c>: the sibling of <c>/scep</c> for profiles that want a client certificate beside the challenge. It is there only on
/// connections that were asked for one; an admitted client is served as on the plain route, GetCACaps and GetCACert included.
/// </summary>
internal static class ScepMtlsEndpoints
{
    public const string Root = "/scep-mtls";

    public static void MapScepMtls(this IEndpointRouteBuilder routes)
    {
        routes.Map(Root, HandleAsync);
        routes.Map(Root + "/{**rest}", HandleAsync);
    }

    private static async Task HandleAsync(HttpContext http, ScepProfileTable profiles, MtlsGate gate, ScepServices services)
    {
        http.Request.Path.StartsWithSegments(Root, out var behind);
        if (http.Features.Get<TlsClient>() is not { } client || profiles.Find(behind) is not { ClientTrust: not null } profile)
        {
            await DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "No SCEP profile with client certificates at this path.");
            return;
        }

        // Not the request's token: record the attempt even when the client disconnects.
        switch (await gate.AdmitAsync(profile, client.Certificates, DeviceAnswer.OriginOf(http), CancellationToken.None))
        {
            case MtlsAdmission.Admitted(var origin):
                await ScepEndpoints.ServeAsync(http, profile, services, origin);
                break;
            case MtlsAdmission.Refused(var publicText):
                http.Response.Headers.CacheControl = "no-store";
                await DeviceAnswer.Say(http, StatusCodes.Status401Unauthorized, publicText);
                break;
        }
    }
}
