namespace Certctl.Api.Configuration;

/// <summary>The settings of a staged next CA: all of them, or none.</summary>
internal static class NextCaReader
{
    private const string CertPath = "CERTCTL_CA_NEXT_CERT_PATH";
    private const string KeyPath = "CERTCTL_CA_NEXT_KEY_PATH";

    /// <summary>Null when none is staged.</summary>
    public static NextCaPaths? ReadCa(SettingValues values) => IsStaged(values)
        ? new NextCaPaths(
            values.Required(CertPath, $"the certificate of the CA that follows; {KeyPath} is set") ?? "",
            values.Required(KeyPath, $"the private key of the CA that follows; {CertPath} is set") ?? "")
        : null;

    /// <summary>True when the profile needs an RA below the next CA; one that has it without need is a problem.</summary>
    public static bool IsStaged(SettingValues values, string profilePrefix)
    {
        foreach (var name in new[] { profilePrefix + "NEXT_RA_CERT_PATH", profilePrefix + "NEXT_RA_KEY_PATH" })
        {
            if (!IsStaged(values) && values.IsSet(name))
                values.Problems.Add($"{name} is set, but no next CA is staged: set {CertPath} and {KeyPath} too.");
        }

        return IsStaged(values);
    }

    private static bool IsStaged(SettingValues values) => values.IsSet(CertPath) || values.IsSet(KeyPath);
}
