using System.Net;

namespace Certctl.Api.Configuration;

/// <summary>CERTCTL_SCEP_PROBE_….</summary>
internal static class ProbeReader
{
    private const string Enabled = "CERTCTL_SCEP_PROBE_ENABLED";
    private const string Allow = "CERTCTL_SCEP_PROBE_ALLOW";

    /// <summary>Null: no other server is asked.</summary>
    public static IReadOnlyList<IPNetwork>? Read(SettingValues values)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in values.List(Allow))
        {
            if (IPNetwork.TryParse(text, out var network) && IPAddress.TryParse(text.Split('/')[0], out var first) && first.Equals(network.BaseAddress))
                networks.Add(network);
            else
                values.Reject(Allow, text, "a network such as 10.20.0.0/16 or fd00:1::/32, with no bit set behind its prefix");
        }

        if (values.Boolean(Enabled, false))
            return networks;
        if (networks.Count > 0)
            values.Warnings.Add($"{Allow} has no effect: {Enabled} is not true.");
        return null;
    }
}
