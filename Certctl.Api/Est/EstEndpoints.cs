using Certctl.Api.Hosting.Http;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;

namespace Certctl.Api.Est;

/// <summary>
/// EST over HTTP (RFC 7030 §3.2.2): <c>/.well-known/est/</c>, a label where there is one, the operation. At <c>est-mtls</c> the same for
/// labels with a trust bundle; every operation wants a client certificate there.
/// </summary>
internal static class EstEndpoints
{
    public const string Root = "/.well-known/est";
    public const string MtlsRoot = "/.well-known/est-mtls";

    public static void MapEst(this IEndpointRouteBuilder routes)
    {
        routes.Map(Root + "/{**rest}", HandleAsync);
        routes.Map(MtlsRoot + "/{**rest}", HandleAsync);
    }

    private static async Task HandleAsync(HttpContext http, EstProfileTable profiles, IEnumerable<EstOperation> operations)
    {
        http.Response.Headers.CacheControl = "no-store";
        var onMtlsRoute = !http.Request.Path.StartsWithSegments(Root, out var behind);
        if (onMtlsRoute)
            http.Request.Path.StartsWithSegments(MtlsRoot, out behind);
        var (label, name) = Split(behind);
        if (Find(profiles, label, onMtlsRoute, http) is not { } profile)
        {
            await DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "No EST endpoint at this path.");
            return;
        }

        if (operations.FirstOrDefault(operation => operation.Name == name && operation.IsServedBy(profile)) is not { } wanted)
        {
            await DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "This EST endpoint does not serve the operation of the path.");
            return;
        }

        var shown = new ShownCredentials(
            DeviceAnswer.OriginOf(http), http.Features.Get<TlsClient>()?.Certificates, BasicHeader.Read(http.Request), onMtlsRoute);
        await wanted.ServeAsync(new EstCall(http, profile, shown));
    }

    // RFC 7030 §3.2.2: at most one segment before the operation.
    private static (string? Label, string Operation) Split(PathString behind)
    {
        var segments = (behind.Value ?? "").Trim('/').Split('/');
        return segments switch
        {
            [var operation] => ("", operation),
            [{ Length: > 0 } label, var operation] => (label, operation),
            _ => (null, ""),
        };
    }

    private static EstProfile? Find(EstProfileTable profiles, string? label, bool onMtlsRoute, HttpContext http) =>
        label is not null && profiles.All.TryGetValue(label, out var profile)
        && (!onMtlsRoute || (profile.ClientTrust is not null && http.Features.Get<TlsClient>() is not null))
            ? profile
            : null;
}
