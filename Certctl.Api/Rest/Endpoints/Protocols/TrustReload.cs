using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>Reads the trusted certificates of one profile again, in every protocol alike.</summary>
internal static class TrustReload
{
    /// <param name="path">Behind the root of the API.</param>
    /// <param name="command">By PathID and who asks.</param>
    public static void MapTrustReload(
        this IEndpointRouteBuilder api, string path, string summary, Func<string, AdminCaller, AdminCommand> command) =>
        api.MapPost(path, (HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, CancellationToken cancellationToken) =>
                RunAsync(http, dispatcher, clock, command, cancellationToken))
            .RequireAuthorization(ApiPolicy.Admin)
            .Accepts<ReloadBody>(isOptional: true, "application/json").Produces<ReloadResult>().Refuses(400, 404, 409)
            .WithSummary(summary).WithDescription("All of the new bundle counts, or the old one stays and the answer is 500.");

    private static async Task<IResult> RunAsync(
        HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, Func<string, AdminCaller, AdminCommand> command,
        CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<ReloadBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);

        // Nothing, or an object without the key, means the root profile.
        var pathId = body?.PathId ?? "";
        var outcome = await dispatcher.SendAsync(command(pathId, AdminAnswer.Caller(http)), cancellationToken);
        return AdminAnswer.Of(http, outcome, _ => MetaEndpoints.Json(new ReloadResult(true, pathId, clock.GetUtcNow().UtcDateTime)));
    }
}

/// <param name="PathId">Of the profile; absent for the root.</param>
[RequestBody]
internal sealed record ReloadBody(string? PathId = null);

internal sealed record ReloadResult(bool Reloaded, string PathId, DateTime ReloadedAt);
