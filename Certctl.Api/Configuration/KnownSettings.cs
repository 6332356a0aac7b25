using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Database;
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
    public const string FlatPrefix = "CERTCTL_SCEP_";
    public const string ProfilePrefix = "CERTCTL_SCEP_PROFILE_";

    /// <summary>The test suite's own.</summary>
    public const string TestPrefix = "CERTCTL_TEST_";

    /// <summary>In the order of docs/configuration.md.</summary>
    public static readonly IReadOnlyList<SettingGroup> Groups =
    [
        ServerSettings.Group, DatabaseSettings.Group, CaSettings.Group, PublicationSettings.Group, ScepSettings.Group, ApiSettings.Group,
        OidcSettings.Group, ProbeSettings.Group, RateLimitSettings.Group, CorsSettings.Group, TelemetrySettings.Group, LogSettings.Group,
        ScepProfileSettings.Group, SignedChallengeSettings.Group, ComplianceServiceSettings.Group,
    ];

    /// <summary>Those that there are once.</summary>
    public static readonly IReadOnlyList<Setting> Global =
        [.. Groups.Where(group => !group.IsOfProfile).SelectMany(group => group.Settings)];

    /// <summary>Those of each SCEP profile.</summary>
    public static readonly IReadOnlyList<Setting> ScepProfile =
        [.. Groups.Where(group => group.IsOfProfile).SelectMany(group => group.Settings)];

    /// <summary>Names for the client's side, which quickstart.env sets: known, and no concern of the server.</summary>
    public static readonly IReadOnlyList<string> ClientSide =
        ["CERTCTL_URL", "CERTCTL_SCEP_URL", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_API_KEY"];

    /// <summary>Beginnings of names that operators know from the upstream product and that this version does not have.</summary>
    public static readonly IReadOnlyList<string> NotYet =
    [
        "CERTCTL_AUTH_SECRET", "CERTCTL_AGENT_", "CERTCTL_CONFIG_ENCRYPTION_KEY", "CERTCTL_KEYGEN_",
        "CERTCTL_APPROVAL_", "CERTCTL_CRL_GENERATION_INTERVAL", "CERTCTL_OCSP_RESPONDER_ROTATION_GRACE",
        "CERTCTL_OCSP_RESPONDER_VALIDITY", "CERTCTL_CERT_EXPORT_", "CERTCTL_EST_", "CERTCTL_AUDIT_",
        "CERTCTL_DEMO_SEED", "CERTCTL_DATABASE_MIGRATIONS_PATH",
    ];
}
