using System.Net;

namespace Certctl.Api.Configuration.Access;

/// <summary>Whether, and where, other SCEP servers may be asked from here.</summary>
internal static class ProbeSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add(
        "CERTCTL_SCEP_PROBE_ENABLED",
        SettingType.Boolean,
        false,
        "Let operators have other SCEP servers asked from here, by the REST API.");

    public static readonly Setting<IReadOnlyList<IPNetwork>> Allow = Group.Add(
        "CERTCTL_SCEP_PROBE_ALLOW", SettingType.List(SettingType.Network),
        "Networks (`10.20.0.0/16`) that may be asked although they are private or otherwise reserved. None unless named.");

    /// <summary>Null: no other server is asked.</summary>
    public static IReadOnlyList<IPNetwork>? Read(SettingValues values)
    {
        var networks = values.Read(Allow) ?? [];
        if (values.Read(Enabled))
            return networks;
        if (networks.Count > 0)
            values.Warnings.Add($"{Allow.Name} has no effect: {Enabled.Name} is not true.");
        return null;
    }
}
