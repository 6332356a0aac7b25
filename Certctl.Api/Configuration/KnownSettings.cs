using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Compliance;
using Certctl.Api.Configuration.Database;
using Certctl.Api.Configuration.Est;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Configuration.Server;

namespace Certctl.Api.Configuration;

/// <summary>
/// Every variable that the server knows: the groups in which each is declared, and the names that are none of its settings.
/// </summary>
internal static class KnownSettings
{
    public const string FileSuffix = "_FILE";
    public const string Prefix = "CERTCTL_";

    /// <summary>The test suite's own.</summary>
    public const string TestPrefix = "CERTCTL_TEST_";

    /// <summary>In the order of docs/configuration.md.</summary>
    public static readonly IReadOnlyList<SettingGroup> Groups =
    [
        ServerSettings.Group, ProxySettings.Group, DatabaseSettings.Group, CaSettings.Group, PublicationSettings.Group,
        ScepSettings.Group, EstSettings.Group, ApiSettings.Group, OidcSettings.Group, ProbeSettings.Group, RateLimitSettings.Group,
        CorsSettings.Group, PageSettings.Group, TelemetrySettings.Group, LogSettings.Group,
        EndpointSettings.Group, ScepProfileSettings.Group, SignedChallengeSettings.Group, ComplianceServiceSettings.Group,
        EstProfileSettings.Group, ServerKeySettings.Group,
    ];

    /// <summary>Those that there are once.</summary>
    public static readonly IReadOnlyList<Setting> Global =
        [.. Groups.Where(group => !group.IsOfProfile).SelectMany(group => group.Settings)];

    /// <summary>Those of each SCEP profile.</summary>
    public static readonly IReadOnlyList<Setting> ScepProfile = OfProfiles(EndpointNaming.Scep);

    /// <summary>Those of each EST profile.</summary>
    public static readonly IReadOnlyList<Setting> EstProfile = OfProfiles(EndpointNaming.Est);

    /// <summary>Names for the client's side, which quickstart.env sets: known, and no concern of the server.</summary>
    public static readonly IReadOnlyList<string> ClientSide =
    [
        "CERTCTL_URL", "CERTCTL_SCEP_URL", "CERTCTL_EST_URL", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_EST_PASSWORD",
        "CERTCTL_API_KEY",
    ];

    /// <summary>Beginnings of names that operators know from the upstream product and that this version does not have.</summary>
    public static readonly IReadOnlyList<string> NotYet =
    [
        "CERTCTL_AUTH_SECRET", "CERTCTL_AGENT_", "CERTCTL_CONFIG_ENCRYPTION_KEY", "CERTCTL_KEYGEN_",
        "CERTCTL_APPROVAL_", "CERTCTL_CRL_GENERATION_INTERVAL", "CERTCTL_OCSP_RESPONDER_ROTATION_GRACE",
        "CERTCTL_OCSP_RESPONDER_VALIDITY", "CERTCTL_CERT_EXPORT_", "CERTCTL_AUDIT_",
        "CERTCTL_DEMO_SEED", "CERTCTL_DATABASE_MIGRATIONS_PATH",
    ];

    private static IReadOnlyList<Setting> OfProfiles(EndpointNaming naming) =>
        [.. Groups.Where(group => group.Namings.Contains(naming)).SelectMany(group => group.Settings)];
}
