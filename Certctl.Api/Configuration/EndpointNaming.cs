namespace Certctl.Api.Configuration;

/// <summary>How the settings of one protocol's endpoints (profiles) are named.</summary>
/// <param name="Protocol">As operators read it.</param>
/// <param name="Root">The path of the endpoint without a name.</param>
/// <param name="FlatPrefix">What the settings of the root profile begin with.</param>
/// <param name="ProfilePrefix">What those of the named profiles begin with, before the name.</param>
internal sealed record EndpointNaming(string Protocol, string Root, string FlatPrefix, string ProfilePrefix)
{
    public static readonly EndpointNaming Scep = new("SCEP", "/scep", "CERTCTL_SCEP_", "CERTCTL_SCEP_PROFILE_");

    public static readonly EndpointNaming Est = new("EST", "/.well-known/est", "CERTCTL_EST_", "CERTCTL_EST_PROFILE_");

    /// <summary>The variable that lists the named profiles.</summary>
    public string List => FlatPrefix + "PROFILES";

    /// <summary>How a profile's name stands inside a variable's: a shell takes no hyphens there.</summary>
    public static string Token(string name) => name.ToUpperInvariant().Replace('-', '_');

    /// <summary>What the variables of a profile begin with.</summary>
    public string PrefixOf(string pathId) => pathId.Length == 0 ? FlatPrefix : $"{ProfilePrefix}{Token(pathId)}_";

    /// <summary>All that names of its profiles' settings begin with.</summary>
    public IEnumerable<string> Prefixes(IEnumerable<string> tokens) => [FlatPrefix, .. tokens.Select(token => $"{ProfilePrefix}{token}_")];
}
