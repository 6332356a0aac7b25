namespace Certctl.Api.Configuration.Scep;

/// <summary>The SCEP profiles of a start.</summary>
internal static class ScepProfileReader
{
    private static readonly EndpointReader Endpoints =
        new(EndpointNaming.Scep, ScepSettings.Enabled, ScepSettings.Profiles, KnownSettings.ScepProfile);

    public static string Token(string name) => EndpointNaming.Token(name);

    /// <summary>What the variables of a profile begin with.</summary>
    public static string PrefixOf(string pathId) => EndpointNaming.Scep.PrefixOf(pathId);

    public static IReadOnlyList<string> NamesOf(SettingValues values) => Endpoints.NamesOf(values);

    public static IReadOnlyList<ScepProfileOptions> Read(SettingValues values) => Endpoints.Read(values, ScepProfileSettings.Read);
}
