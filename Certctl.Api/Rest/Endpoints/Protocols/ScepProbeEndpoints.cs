using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Probes;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>Other SCEP servers, asked from here: off unless enabled.</summary>
internal static class ScepProbeEndpoints
{
    private const int Shown = 50;

    public static void MapScepProbes(this IEndpointRouteBuilder api)
    {
        api.MapPost("/network-scan/scep-probe", ProbeAsync).RequireAuthorization(ApiPolicy.Operator)
            .Accepts<ScepProbeBody>("application/json").Produces<ScepProbeResult>().Refuses(400, 409, 422)
            .WithSummary("Ask a SCEP server what it says of itself")
            .WithDescription("GetCACaps and GetCACert, within 30 seconds; nothing secret is sent, and its TLS certificate is not judged. "
                + "409 where probes are turned off or too many run, 422 where the target's network is not let.");
        api.MapGet("/network-scan/scep-probes", ListAsync).Produces<ScepProbeList>()
            .WithSummary("The last probes").WithDescription($"The {Shown} newest, newest first.");
    }

    private static async Task<IResult> ProbeAsync(
        HttpContext http, AdminDispatcher dispatcher, IScepProbes probes, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<ScepProbeBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var outcome = await dispatcher.SendAsync(new ProbeScepCommand(body?.Url ?? "", AdminAnswer.Caller(http)), cancellationToken);
        var result = outcome is AdminOutcome.Done(var id) ? await probes.FindAsync(id, cancellationToken) : null;
        return AdminAnswer.Of(http, outcome, _ => MetaEndpoints.Json(result));
    }

    private static async Task<IResult> ListAsync(IScepProbes probes, CancellationToken cancellationToken)
    {
        var newest = await probes.ListAsync(Shown, cancellationToken);
        return MetaEndpoints.Json(new ScepProbeList(newest, newest.Count));
    }
}

/// <param name="Url">http or https, without user name; its query is left away.</param>
[RequestBody]
internal sealed record ScepProbeBody(
    [property: Field(Required = true, MinLength = 1, MaxLength = ProbeScepValidator.MaxLength)] string? Url = null);

/// <param name="ProbeCount">How many are shown.</param>
internal sealed record ScepProbeList(IReadOnlyList<ScepProbeResult> Probes, int ProbeCount);
