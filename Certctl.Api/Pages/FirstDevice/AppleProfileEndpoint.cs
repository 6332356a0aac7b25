using Certctl.Api.Pages.Session;
using Certctl.Api.Rest.Access;
using Certctl.Api.Scep;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;

namespace Certctl.Api.Pages.FirstDevice;

/// <summary>
/// Hands an administrator the configuration profile of one Apple device. It holds the challenge, as Apple's devices want it, so each is in
/// the audit trail before it is sent.
/// </summary>
internal static class AppleProfileEndpoint
{
    public const string Path = "first-device/apple.mobileconfig";
    public const string PathId = "path_id";
    public const string Name = "name";

    // ub-common-name of RFC 5280, appendix A.1.
    private const int MaxName = 64;

    public static void MapAppleProfile(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/" + Path, DownloadAsync).RequireAuthorization(ApiPolicy.Admin).ExcludeFromDescription();

    private static async Task<IResult> DownloadAsync(HttpContext http, ScepProfileTable profiles, ICertificateProfileRepository rules)
    {
        var (pathId, name) = (http.Request.Query[PathId].ToString(), http.Request.Query[Name].ToString().Trim());
        if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            return Problem(StatusCodes.Status400BadRequest, $"{Name} must have 1 to {MaxName} characters and no control characters.");
        if (!profiles.All.TryGetValue(pathId, out var profile))
            return Problem(StatusCodes.Status404NotFound, $"There is no SCEP profile \"{pathId}\".");
        if (profile.Policy.Find<StaticChallengeValidator>()?.Secrets.Current is not { } challenge)
            return Problem(StatusCodes.Status409Conflict, "This SCEP profile has no password that could be put into the file.");
        if (await rules.FindAsync(profile.Policy.CertificateProfileId, fresh: false, http.RequestAborted) is not { } certificates
            || AppleProfile.KeySizeUnder(certificates) is not { } keySize)
            return Problem(StatusCodes.Status409Conflict, "Apple's devices make RSA keys, which this certificate profile does not allow.");

        // The server's root, and not that of the pages, which a proxy may have put a path in front of.
        var url = $"{http.Request.Scheme}://{http.Request.Host}{ScepEndpoints.PathOf(pathId)}";
        await SessionEndpoints.RecordAsync(
            http, AuditAction.AppleProfileDownloaded, "scep_profile", pathId, $"for {name}, with the challenge");
        http.Response.Headers.CacheControl = "no-store";
        return Results.File(
            AppleProfile.Write(url, challenge, name, keySize, profile.Policy.Issuer.Chain[0]),
            AppleProfile.MediaType,
            "certctl.mobileconfig");
    }

    private static IResult Problem(int status, string text) => Results.Text(text + "\n", statusCode: status);
}
