using System.Text.Json.Serialization;
using Certctl.Api.Configuration;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Est;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>EST profiles as the server runs them.</summary>
internal static class EstAdminEndpoints
{
    public static void MapEstAdmin(this IEndpointRouteBuilder api)
    {
        api.MapGet("/admin/est/profiles", Profiles).RequireAuthorization(ApiPolicy.Admin).Produces<ScepProfileList<EstProfileRow>>()
            .WithSummary("EST profiles as they run").WithDescription("By label, with how requests have ended since the process started.");
        api.MapPost("/admin/est/reload-trust", ReloadAsync).RequireAuthorization(ApiPolicy.Admin)
            .Accepts<ReloadBody>(isOptional: true, "application/json").Produces<ReloadResult>().Refuses(400, 404, 409)
            .WithSummary("Read the trust bundle of an EST profile again")
            .WithDescription("All of the new bundle counts, or the old one stays and the answer is 500.");
    }

    private static IResult Profiles(CertctlOptions options, EstCounters counters, TimeProvider clock)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        IReadOnlyList<EstProfileRow> rows =
        [
            .. options.EstProfiles.OrderBy(profile => profile.PathId, StringComparer.Ordinal).Select(profile => new EstProfileRow(
                profile.PathId,
                profile.IssuerId,
                profile.CertificateProfileId,
                counters.Of(profile.PathId),
                profile.MtlsBundlePath is not null,
                profile.Modes.HasFlag(EstAuthModes.Basic),
                profile.Modes.ToString().ToLowerInvariant().Split(", "),
                now) { TrustAnchorPath = profile.MtlsBundlePath }),
        ];
        return MetaEndpoints.Json(new ScepProfileList<EstProfileRow>(rows, rows.Count, now));
    }

    private static Task<IResult> ReloadAsync(
        HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, CancellationToken cancellationToken) =>
        ScepAdminEndpoints.ReloadTrustAsync(
            http, dispatcher, clock, pathId => new ReloadEstTrustCommand(pathId, AdminAnswer.Caller(http)), cancellationToken);
}

/// <summary>One row of <c>/admin/est/profiles</c>; names as upstream's.</summary>
/// <param name="AuthModes">Of a first enrolment: <c>basic</c>, <c>mtls</c>, <c>challenge</c>, <c>approval</c>, or <c>anonymous</c>.</param>
internal sealed record EstProfileRow(
    string PathId,
    string IssuerId,
    string ProfileId,
    IReadOnlyDictionary<string, long> Counters,
    bool MtlsEnabled,
    bool BasicAuthConfigured,
    IReadOnlyList<string> AuthModes,
    DateTime Now)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrustAnchorPath { get; init; }
}
