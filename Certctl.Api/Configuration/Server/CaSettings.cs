namespace Certctl.Api.Configuration.Server;

/// <param name="IssuerId">The id under which profiles name it: <c>iss-local</c>.</param>
/// <param name="CertPath">PEM: the issuing CA first, then its issuers up to the root.</param>
/// <param name="KeyPath">PEM, PKCS#8 or traditional.</param>
/// <param name="Validity">Life of a leaf where the certificate profile does not shorten it.</param>
/// <param name="CrlUrls">CRL distribution points to write; empty: none.</param>
/// <param name="OcspUrl">AIA OCSP responder; null: none.</param>
/// <param name="CaIssuersUrl">AIA caIssuers; null: none.</param>
public sealed record CaOptions(
    string IssuerId,
    string CertPath,
    string KeyPath,
    TimeSpan Validity,
    IReadOnlyList<string> CrlUrls,
    string? OcspUrl,
    string? CaIssuersUrl)
{
    /// <summary>The files of the CA that follows; null when none is staged.</summary>
    public NextCaPaths? Next { get; init; }

    /// <summary>The files of the CAs that issued before and whose certificates have not all ended.</summary>
    public IReadOnlyList<RetiredCaPaths> Retired { get; init; } = [];
}

public sealed record NextCaPaths(string CertPath, string KeyPath);

/// <param name="KeyPath">Null: the key is destroyed.</param>
public sealed record RetiredCaPaths(string CertPath, string? KeyPath);

/// <summary>The issuing CA, the CA that follows it, those that came before it, and what stands in what they issue.</summary>
internal static class CaSettings
{
    public const string LocalIssuer = "iss-local";

    /// <summary>Stands in the place of a key file.</summary>
    private const string NoKey = "none";

    public static readonly SettingGroup Group = new();

    public static readonly Setting<string> CertPath = Group.Add(
        "CERTCTL_CA_CERT_PATH", SettingType.Text,
        "Required. PEM: the issuing CA's certificate, then the CAs above it up to the root.");

    public static readonly Setting<string> KeyPath =
        Group.Add("CERTCTL_CA_KEY_PATH", SettingType.Text, "Required. PEM private key of the issuing CA, mode 0600.");

    public static readonly DefaultedSetting<int> ValidityDays = Group.Add(
        "CERTCTL_CA_VALIDITY_DAYS", SettingType.Integer(1, 3650), 90,
        "Life of a certificate in days, where the certificate profile does not shorten it.");

    public static readonly Setting<IReadOnlyList<string>> CrlUrls =
        Group.Add("CERTCTL_CA_CRL_URLS", SettingType.List(SettingType.WebUrl), "For cRLDistributionPoints.");

    public static readonly Setting<string> OcspUrl =
        Group.Add("CERTCTL_CA_OCSP_URL", SettingType.WebUrl, "The OCSP responder, for authorityInfoAccess.");

    public static readonly Setting<string> IssuersUrl =
        Group.Add("CERTCTL_CA_ISSUERS_URL", SettingType.WebUrl, "The CA certificate, for authorityInfoAccess.");

    public static readonly Setting<string> NextCertPath = Group.Add(
        "CERTCTL_CA_NEXT_CERT_PATH", SettingType.Text,
        "PEM: the CA that follows, then the CAs above it. Staged: GetNextCACert hands it out, and it issues to devices that send "
        + "their request to its RA. It must be valid already. Read again on SIGHUP.");

    public static readonly Setting<string> NextKeyPath =
        Group.Add("CERTCTL_CA_NEXT_KEY_PATH", SettingType.Text, "Its PEM private key, mode 0600.");

    public static readonly Setting<IReadOnlyList<string>> RetiredCertPath = Group.Add(
        "CERTCTL_CA_RETIRED_CERT_PATH", SettingType.List(SettingType.Text),
        "PEM: a CA that issued before, then the CAs above it; several, one file each. It issues nothing any more, but signs its CRL and "
        + "certifies its OCSP responder until its last certificate has ended. Read again on SIGHUP.");

    public static readonly Setting<IReadOnlyList<string>> RetiredKeyPath = Group.Add(
        "CERTCTL_CA_RETIRED_KEY_PATH", SettingType.List(SettingType.Text),
        "Its PEM private key, mode 0600; as many as certificates, in the same order. `none` where the key is destroyed: its last CRL is "
        + "then served until nextUpdate.");

    public static readonly SecretSetting KeyPassphrase =
        Group.AddSecret("CERTCTL_KEY_PASSPHRASE", "Opens every private key file that is encrypted.");

    public static CaOptions Read(SettingValues values) => new(
        LocalIssuer,
        values.Required(CertPath, "the certificate of the issuing CA"),
        values.Required(KeyPath, "the private key of the issuing CA"),
        TimeSpan.FromDays(values.Read(ValidityDays)),
        values.Read(CrlUrls) ?? [],
        values.Read(OcspUrl),
        values.Read(IssuersUrl))
    {
        Next = ReadNext(values),
        Retired = ReadRetired(values),
    };

    /// <summary>Some setting of a next CA is there: then all of them are needed.</summary>
    public static bool IsNextStaged(SettingValues values) => values.IsSet(NextCertPath) || values.IsSet(NextKeyPath);

    private static NextCaPaths? ReadNext(SettingValues values) => IsNextStaged(values)
        ? new NextCaPaths(
            values.Required(NextCertPath, $"the certificate of the CA that follows; {NextKeyPath.Name} is set"),
            values.Required(NextKeyPath, $"the private key of the CA that follows; {NextCertPath.Name} is set"))
        : null;

    private static IReadOnlyList<RetiredCaPaths> ReadRetired(SettingValues values)
    {
        var (certs, keys) = (values.Read(RetiredCertPath) ?? [], values.Read(RetiredKeyPath) ?? []);
        if (certs.Count != keys.Count)
        {
            values.Problems.Add(
                $"{RetiredCertPath.Name} names {certs.Count} files and {RetiredKeyPath.Name} names {keys.Count}; each "
                + "certificate needs its "
                + $"key, in the same order, or the word {NoKey} where the key is destroyed.");
        }

        return [.. certs.Zip(keys, (cert, key) => new RetiredCaPaths(cert, key == NoKey ? null : key))];
    }
}
