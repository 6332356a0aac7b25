using System.Globalization;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Enrolment;
using Certctl.Domain.Profiles;
using Microsoft.Net.Http.Headers;

namespace Certctl.Api.Admin.Endpoints;

/// <summary>The certificate profiles: what may be issued. Who writes says which version he has seen (RFC 9110 §13.1.1).</summary>
internal static class ProfileEndpoints
{
    private const string Origin = "REST API";

    public static void MapProfiles(this IEndpointRouteBuilder api)
    {
        api.MapGet("/profiles", ListAsync).WithQuery(QueryField.Page, QueryField.PerPage).Produces<Page<ProfileJson>>().Refuses(400)
            .WithSummary("The certificate profiles").WithDescription("By name.");
        api.MapGet("/profiles/{id}", FindAsync).Produces<ProfileJson>().Refuses(404)
            .WithSummary("One certificate profile").WithDescription("The ETag names its version.");
        api.MapPost("/profiles", CreateAsync).RequireAuthorization(ApiPolicy.Admin).Accepts<ProfileJson>("application/json").Produces<ProfileJson>(201).Refuses(400, 409)
            .WithSummary("Make a certificate profile").WithDescription("Version and times are the server's.");
        api.MapPut("/profiles/{id}", ReplaceAsync).RequireAuthorization(ApiPolicy.Admin).Accepts<ProfileJson>("application/json").Produces<ProfileJson>().Refuses(400, 404, 409, 412, 428)
            .WithSummary("Replace a certificate profile").WithDescription("All of it: what is left out has its default. If-Match is required; enrolments go by the new rule from the next one on.");
        api.MapDelete("/profiles/{id}", DeleteAsync).RequireAuthorization(ApiPolicy.Admin).Produces(204).Refuses(404, 409, 412, 428)
            .WithSummary("Take a certificate profile away").WithDescription("Only one that nothing refers to; disable others. If-Match is required.");
    }

    private static async Task<IResult> ListAsync(HttpContext http, ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        if (errors.Count > 0)
            return Problems.Problem(http, StatusCodes.Status400BadRequest, "The query cannot be read.", errors);
        var all = await profiles.ListAsync(cancellationToken);
        return paging.Of([.. all.Skip(paging.Skip).Take(paging.PerPage).Select(ProfileJson.From)], all.Count, null);
    }

    private static async Task<IResult> FindAsync(string id, HttpContext http, ICertificateProfileRepository profiles, CancellationToken cancellationToken) =>
        await profiles.FindAsync(id, fresh: true, cancellationToken) is { } profile ? Show(http, profile) : NotFound(http);

    private static async Task<IResult> CreateAsync(
        HttpContext http, ICertificateProfileRepository profiles, AdminDesk desk, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (profile, errors) = await ReadAsync(http, id: null, stored: null, clock, cancellationToken);
        if (profile is null)
            return Invalid(http, errors);
        var outcome = await desk.SendAsync(new SaveProfileCommand(profile, 0, ProfileJson.Change(null, profile), ApiPolicy.ActorOf(http), Origin), cancellationToken);
        if (outcome is not AdminOutcome.Done)
            return Refused(http, outcome);
        http.Response.Headers.Location = $"{AdminApi.Root}/v1/profiles/{profile.Id}";
        return Show(http, (await profiles.FindAsync(profile.Id, fresh: true, cancellationToken))!, StatusCodes.Status201Created);
    }

    private static Task<IResult> ReplaceAsync(
        string id, HttpContext http, ICertificateProfileRepository profiles, AdminDesk desk, TimeProvider clock, CancellationToken cancellationToken) =>
        WithMatchingAsync(id, http, profiles, async stored =>
        {
            var (profile, errors) = await ReadAsync(http, id, stored, clock, cancellationToken);
            if (profile is null)
                return Invalid(http, errors);
            var outcome = await desk.SendAsync(new SaveProfileCommand(profile, stored.Version, ProfileJson.Change(stored, profile), ApiPolicy.ActorOf(http), Origin), cancellationToken);
            return outcome is AdminOutcome.Done ? Show(http, (await profiles.FindAsync(id, fresh: true, cancellationToken))!) : Refused(http, outcome);
        }, cancellationToken);

    private static Task<IResult> DeleteAsync(string id, HttpContext http, ICertificateProfileRepository profiles, AdminDesk desk, CancellationToken cancellationToken) =>
        WithMatchingAsync(id, http, profiles, async stored =>
        {
            var outcome = await desk.SendAsync(new DeleteProfileCommand(id, stored.Version, ProfileJson.Change(stored, null), ApiPolicy.ActorOf(http), Origin), cancellationToken);
            return outcome is AdminOutcome.Done ? Results.NoContent() : Refused(http, outcome);
        }, cancellationToken);

    /// <summary>Goes on when If-Match names the stored version (or <c>*</c>): nobody overwrites what he has not seen.</summary>
    private static async Task<IResult> WithMatchingAsync(
        string id, HttpContext http, ICertificateProfileRepository profiles, Func<CertificateProfile, Task<IResult>> act, CancellationToken cancellationToken)
    {
        var wanted = http.Request.GetTypedHeaders().IfMatch;
        if (wanted.Count == 0)
            return Problems.Problem(http, StatusCodes.Status428PreconditionRequired, "If-Match is required: the ETag of the profile as you have seen it.");
        if (await profiles.FindAsync(id, fresh: true, cancellationToken) is not { } stored)
            return NotFound(http);
        return wanted.Any(tag => tag == EntityTagHeaderValue.Any || tag.Compare(Tag(stored), useStrongComparison: true))
            ? await act(stored)
            : Problems.Problem(http, StatusCodes.Status412PreconditionFailed, $"The profile has version {stored.Version} by now.");
    }

    private static async Task<(CertificateProfile? Profile, IReadOnlyDictionary<string, string[]> Errors)> ReadAsync(
        HttpContext http, string? id, CertificateProfile? stored, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (json, errors) = await JsonBody.ReadAsync<ProfileJson>(http, cancellationToken);
        if (errors is not null)
            return (null, errors);
        if (json is null)
            return (null, new Dictionary<string, string[]> { ["body"] = ["is empty"] });
        if (id is not null && json.Id is not null && json.Id != id)
            return (null, new Dictionary<string, string[]> { ["id"] = ["is not that of the path"] });
        var profile = (json with { Id = id ?? json.Id }).ToProfile(stored, clock.GetUtcNow(), out var problems);
        return (profile, ByField(problems));
    }

    // "field: what is wrong".
    internal static Dictionary<string, string[]> ByField(IReadOnlyList<string> problems) => problems
        .Select(problem => problem.Split(": ", 2))
        .GroupBy(parts => parts.Length == 2 ? parts[0] : "body", parts => parts[^1], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);

    private static IResult Show(HttpContext http, CertificateProfile profile, int status = StatusCodes.Status200OK)
    {
        http.Response.Headers.ETag = Tag(profile).ToString();
        return Results.Json(ProfileJson.From(profile), ApiJson.Options, statusCode: status);
    }

    private static EntityTagHeaderValue Tag(CertificateProfile profile) => new($"\"{profile.Version.ToString(CultureInfo.InvariantCulture)}\"");

    private static IResult Refused(HttpContext http, AdminOutcome outcome) => outcome switch
    {
        AdminOutcome.Conflict(var detail) => Problems.Problem(http, StatusCodes.Status409Conflict, detail),
        AdminOutcome.Outdated(var detail) => Problems.Problem(http, StatusCodes.Status412PreconditionFailed, detail),
        AdminOutcome.Invalid(var problems) => Invalid(http, ByField(problems)),
        _ => throw new InvalidOperationException("No change of a profile ends like that."),
    };

    private static IResult Invalid(HttpContext http, IReadOnlyDictionary<string, string[]> errors) =>
        Problems.Problem(http, StatusCodes.Status400BadRequest, "The profile cannot be taken as it is.", errors);

    private static IResult NotFound(HttpContext http) => Problems.Problem(http, StatusCodes.Status404NotFound, "Profile not found");
}
