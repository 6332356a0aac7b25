using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Reload;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>What SIGHUP does, for callers that have no shell on the machine.</summary>
internal static class ReloadEndpoints
{
    public static void MapReload(this IEndpointRouteBuilder api) =>
        api.MapPost("/admin/reload", ReloadAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ReloadReport>()
            .WithSummary("Read certificates, keys, trust bundles and secrets again")
            .WithDescription("As SIGHUP does, but only in the process that answers. Each part that is good is put to use; one that is not "
                + "says why, and the old one stays in use. Also 200 when parts are refused.");

    private static async Task<IResult> ReloadAsync(HttpContext http, AdminDispatcher dispatcher, CancellationToken cancellationToken) =>
        await dispatcher.SendAsync(new ReloadCommand(AdminAnswer.Caller(http)), cancellationToken) switch
        {
            AdminOutcome.Reloaded(var parts) => MetaEndpoints.Json(new ReloadReport([.. parts.Select(PartRow.Of)])),
            var refused => AdminAnswer.Of(
                http, refused, _ => throw new InvalidOperationException("A reload says what became of each part.")),
        };
}

/// <param name="Parts">All that were read, in the order in which they were.</param>
internal sealed record ReloadReport(IReadOnlyList<PartRow> Parts);

/// <summary>What a reload did to one part.</summary>
/// <param name="Name">As <c>resource_id</c> of the audit event.</param>
/// <param name="PathId">Of the SCEP profile, empty for the root; null for a part of the whole server.</param>
/// <param name="OldFingerprint">
/// SHA-256 of each certificate before the exchange, separated by commas; null for secrets, and where nothing was exchanged.
/// </param>
/// <param name="NewFingerprint">Likewise of those that are in use now.</param>
/// <param name="Reason">Why the old one stays in use; null where it does not.</param>
internal sealed record PartRow(
    string Name, string? PathId, PartResult Result, string? OldFingerprint, string? NewFingerprint, string? Reason)
{
    public static PartRow Of(PartReload reload) => new(
        reload.Part.Name,
        reload.Part.PathId,
        reload.Result,
        reload.OldFingerprint,
        reload.NewFingerprint,
        reload.Problems.Count == 0 ? null : string.Join("; ", reload.Problems));
}
