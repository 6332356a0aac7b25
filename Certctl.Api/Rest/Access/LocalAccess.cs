using Certctl.Api.Configuration.Access;

namespace Certctl.Api.Rest.Access;

/// <summary>Where no keys are asked for, only this machine is served.</summary>
internal static class LocalAccess
{
    public const string Refusal = "Only requests of this machine are taken here";

    // A page of any web site could have the browser of this machine act for it: by a form (it sends Origin, RFC 6454 §7.3), or under a
    // name of its own that it lets point here (it stands in Host).
    public static bool ComesFromHere(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return ApiSettings.IsLoopback(request.Host.Host.Trim('[', ']'))
            && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}");
    }
}
