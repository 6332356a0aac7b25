using System.Globalization;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Enrolments;
using Certctl.Domain.Profiles;
using Microsoft.Net.Http.Headers;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The certificate profiles: what may be issued. A write names the version it replaces (If-Match, RFC 9110 §13.1.1).</summary>
internal static class ProfileEndpoints
{
    public static void MapProfiles(this IEndpointRouteBuilder api)
    {
        api.MapGet("/profiles", ListAsync).WithQuery(QueryField.Page, QueryField.PerPage).Produces<Page<ProfileJson>>().Refuses(400)
            .WithSummary("The certificate profiles").WithDescription("By name.");
        api.MapGet("/profiles/{id}", FindAsync).Produces<ProfileJson>().Refuses(404).Sends(200, ResponseHeader.ETag)
            .WithSummary("One certificate profile").WithDescription("The ETag names its version.");
        api.MapPost("/profiles", CreateAsync).RequireAuthorization(ApiPolicy.Admin)
            .Accepts<ProfileJson>("application/json").Produces<ProfileJson>(201).Refuses(400, 409)
            .Sends(201, ResponseHeader.ETag).Sends(201, ResponseHeader.Location)
            .WithSummary("Make a certificate profile").WithDescription("Version and times are the server's.");
        api.MapPut("/profiles/{id}", ReplaceAsync).RequireAuthorization(ApiPolicy.Admin).Accepts<ProfileJson>("application/json")
            .Produces<ProfileJson>().Refuses(400, 404, 409).WithIfMatch().Sends(200, ResponseHeader.ETag)
            .WithSummary("Replace a certificate profile").WithDescription(
                "All of it: what is left out has its default. If-Match is required; enrolments go by the new rule from the next one on.");
        api.MapDelete("/profiles/{id}", DeleteAsync).RequireAuthorization(ApiPolicy.Admin).Produces(204).Refuses(404, 409).WithIfMatch()
            .WithSummary("Take a certificate profile away")
            .WithDescription("Only one that nothing refers to; disable others. If-Match is required.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        if (errors.Count > 0)
            return Problems.Query(http, errors);
        var all = await profiles.ListAsync(cancellationToken);
        return paging.Of([.. all.Skip(paging.Skip).Take(paging.PerPage).Select(ProfileJson.From)], all.Count, null);
    }

    private static async Task<IResult> FindAsync(
        string id, HttpContext http, ICertificateProfileRepository profiles, CancellationToken cancellationToken) =>
        await profiles.FindAsync(id, fresh: true, cancellationToken) is { } profile ? Show(http, profile, profile.Version) : NotFound(http);

    private static async Task<IResult> CreateAsync(
        HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (profile, errors) = await ReadAsync(http, id: null, stored: null, clock, cancellationToken);
        if (profile is null)
            return AdminAnswer.Invalid(http, errors);
        var outcome = await SaveAsync(http, stored: null, profile, dispatcher, cancellationToken);
        return AdminAnswer.OfStored(http, outcome, version =>
        {
            http.Response.Headers.Location = $"{AdminApi.Root}/v1/profiles/{profile.Id}";
            return Show(http, profile, version, StatusCodes.Status201Created);
        });
    }

    private static Task<IResult> ReplaceAsync(
        string id,
        HttpContext http,
        ICertificateProfileRepository profiles,
        AdminDispatcher dispatcher,
        TimeProvider clock,
        CancellationToken cancellationToken) =>
        WithMatchingAsync(id, http, profiles, async stored =>
        {
            var (profile, errors) = await ReadAsync(http, id, stored, clock, cancellationToken);
            return profile is null
                ? AdminAnswer.Invalid(http, errors)
                : AdminAnswer.OfStored(
                    http, await SaveAsync(http, stored, profile, dispatcher, cancellationToken), version => Show(http, profile, version));
        }, cancellationToken);

    private static Task<AdminOutcome> SaveAsync(
        HttpContext http,
        CertificateProfile? stored,
        CertificateProfile profile,
        AdminDispatcher dispatcher,
        CancellationToken cancellationToken)
    {
        string Change(int version) => ProfileJson.Change(stored, ProfileJson.From(profile) with { Version = version });
        return dispatcher.SendAsync(
            new SaveProfileCommand(profile, stored?.Version ?? 0, Change, AdminAnswer.Caller(http)), cancellationToken);
    }

    private static Task<IResult> DeleteAsync(
        string id,
        HttpContext http,
        ICertificateProfileRepository profiles,
        AdminDispatcher dispatcher,
        CancellationToken cancellationToken) =>
        WithMatchingAsync(id, http, profiles, async stored =>
        {
            var command = new DeleteProfileCommand(id, stored.Version, ProfileJson.Change(stored, null), AdminAnswer.Caller(http));
            return AdminAnswer.Of(http, await dispatcher.SendAsync(command, cancellationToken), _ => Results.NoContent());
        }, cancellationToken);

    /// <summary>Goes on when If-Match names the stored version (or <c>*</c>): a client overwrites only what it has seen.</summary>
    private static async Task<IResult> WithMatchingAsync(
        string id,
        HttpContext http,
        ICertificateProfileRepository profiles,
        Func<CertificateProfile, Task<IResult>> act,
        CancellationToken cancellationToken)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count > 0 && !EntityTagHeaderValue.TryParseStrictList(header, out _))
            return Problems.Problem(
                http, StatusCodes.Status400BadRequest, "If-Match must be a list of entity tags with their quotes, such as \"3\".");
        var wanted = http.Request.GetTypedHeaders().IfMatch;
        if (wanted.Count == 0)
            return Problems.Problem(
                http, StatusCodes.Status428PreconditionRequired, "If-Match is required: the ETag of the profile as you have seen it.");
        if (await profiles.FindAsync(id, fresh: true, cancellationToken) is not { } stored)
            return NotFound(http);
        return wanted.Any(tag => tag == EntityTagHeaderValue.Any || tag.Compare(Tag(stored.Version), useStrongComparison: true))
            ? await act(stored)
            : Problems.Problem(http, StatusCodes.Status412PreconditionFailed, $"The profile has version {stored.Version} by now.");
    }

    private static async Task<(CertificateProfile? Profile, IReadOnlyDictionary<string, string[]> Errors)> ReadAsync(
        HttpContext http, string? id, CertificateProfile? stored, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (json, errors) = await JsonBody.ReadAsync<ProfileJson>(http, cancellationToken);
        if (errors is not null)
            return (null, errors);
        if (id is not null && json!.Id is not null && json.Id != id)
            return (null, new Dictionary<string, string[]> { ["id"] = [$"must be {id}, as in the path, or be left out"] });
        if ((id ?? json!.Id) is not { } wanted)
            return (null, new Dictionary<string, string[]> { ["id"] = ["is required"] });
        var profile = (json! with { Id = wanted }).ToProfile(stored, Microseconds(clock.GetUtcNow()), out var problems);
        return (profile, AdminAnswer.ByField(problems));
    }

    // The database's grain: what is answered now and what is read later are the same.
    private static DateTimeOffset Microseconds(DateTimeOffset now) =>
        new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    private static IResult Show(HttpContext http, CertificateProfile profile, int version, int status = StatusCodes.Status200OK)
    {
        http.Response.Headers.ETag = Tag(version).ToString();
        return Results.Json(ProfileJson.From(profile) with { Version = version }, ApiJson.Options, statusCode: status);
    }

    private static EntityTagHeaderValue Tag(int version) => new($"\"{version.ToString(CultureInfo.InvariantCulture)}\"");

    private static IResult NotFound(HttpContext http) => Problems.Problem(http, StatusCodes.Status404NotFound, "Profile not found");
}
