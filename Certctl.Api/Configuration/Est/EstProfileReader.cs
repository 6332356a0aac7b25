using Certctl.Application.Est;

namespace Certctl.Api.Configuration.Est;

/// <summary>The EST profiles of a start.</summary>
internal static class EstProfileReader
{
    private static readonly EndpointReader Endpoints =
        new(EndpointNaming.Est, EstSettings.Enabled, EstSettings.Profiles, KnownSettings.EstProfile)
        {
            // RFC 7030 §3.2.2: a label is not the name of an operation.
            Reserved = EstOperationName.All,
        };

    public static IReadOnlyList<string> NamesOf(SettingValues values) => Endpoints.NamesOf(values);

    public static IReadOnlyList<EstProfileOptions> Read(SettingValues values)
    {
        var profiles = Endpoints.Read(values, EstProfileSettings.Read);
        if (profiles.Count > 0 && values.IsSet(EstSettings.KeyGenerations) && !profiles.Any(profile => profile.ServerKeyGen))
            values.Warnings.Add($"{EstSettings.KeyGenerations.Name} has no effect: no EST profile makes keys for its devices.");
        return profiles;
    }
}
