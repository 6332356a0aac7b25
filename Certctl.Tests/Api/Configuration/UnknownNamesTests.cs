using Certctl.Api.Configuration;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>No name under CERTCTL_ is passed over: it is known, it is not there yet, or it is a mistake.</summary>
public sealed class UnknownNamesTests
{
    // The upstream product's, shared/spec/upstream-behaviour.md 2.1 to 2.5: those that this version has.
    private static readonly string[] UpstreamHere =
    [
        "CERTCTL_SERVER_HOST", "CERTCTL_SERVER_PORT", "CERTCTL_MAX_BODY_SIZE", "CERTCTL_SERVER_TLS_CERT_PATH",
        "CERTCTL_SERVER_TLS_KEY_PATH", "CERTCTL_DATABASE_URL", "CERTCTL_DATABASE_MAX_CONNS",
        "CERTCTL_LOG_LEVEL", "CERTCTL_LOG_FORMAT", "CERTCTL_CA_CERT_PATH", "CERTCTL_CA_KEY_PATH", "CERTCTL_SCEP_ENABLED",
        "CERTCTL_SCEP_PROFILES", "CERTCTL_SCEP_ISSUER_ID", "CERTCTL_SCEP_PROFILE_ID",
        "CERTCTL_SCEP_CHALLENGE_PASSWORD", "CERTCTL_SCEP_RA_CERT_PATH", "CERTCTL_SCEP_RA_KEY_PATH", "CERTCTL_SCEP_PROFILE_CORP_ISSUER_ID",
        "CERTCTL_SCEP_PROFILE_CORP_MTLS_ENABLED", "CERTCTL_SCEP_PROFILE_CORP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH",
        "CERTCTL_SCEP_PROFILE_CORP_PROFILE_ID",
        "CERTCTL_SCEP_PROFILE_CORP_CHALLENGE_PASSWORD",
        "CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PATH", "CERTCTL_SCEP_PROFILE_CORP_RA_KEY_PATH", "CERTCTL_SCEP_PROFILE_CORP_INTUNE_ENABLED",
        "CERTCTL_SCEP_PROFILE_CORP_INTUNE_CONNECTOR_CERT_PATH",
        "CERTCTL_SCEP_PROFILE_CORP_INTUNE_AUDIENCE",
        "CERTCTL_SCEP_PROFILE_CORP_INTUNE_CHALLENGE_VALIDITY",
        "CERTCTL_AUTH_TYPE", "CERTCTL_API_KEYS_NAMED", "CERTCTL_RATE_LIMIT_ENABLED", "CERTCTL_RATE_LIMIT_RPS", "CERTCTL_RATE_LIMIT_BURST",
        "CERTCTL_RATE_LIMIT_PER_USER_RPS", "CERTCTL_RATE_LIMIT_PER_USER_BURST", "CERTCTL_CORS_ORIGINS",
        "CERTCTL_SCEP_PROFILE_CORP_INTUNE_PER_DEVICE_RATE_LIMIT_24H", "CERTCTL_SCEP_PROFILE_CORP_INTUNE_CLOCK_SKEW_TOLERANCE",
        "CERTCTL_OCSP_RESPONDER_KEY_DIR", "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN",
        "CERTCTL_EST_ENABLED", "CERTCTL_EST_ISSUER_ID", "CERTCTL_EST_PROFILE_ID", "CERTCTL_EST_PROFILES",
        "CERTCTL_EST_PROFILE_CORP_ISSUER_ID", "CERTCTL_EST_PROFILE_CORP_PROFILE_ID", "CERTCTL_EST_PROFILE_CORP_ENROLLMENT_PASSWORD",
        "CERTCTL_EST_PROFILE_CORP_MTLS_ENABLED", "CERTCTL_EST_PROFILE_CORP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH",
        "CERTCTL_EST_PROFILE_CORP_CHANNEL_BINDING_REQUIRED", "CERTCTL_EST_PROFILE_CORP_ALLOWED_AUTH_MODES",
        "CERTCTL_EST_PROFILE_CORP_RATE_LIMIT_PER_PRINCIPAL_24H",
    ];

    // And those that it has not.
    private static readonly string[] UpstreamElsewhere =
    [
        "CERTCTL_AUDIT_FLUSH_TIMEOUT_SECONDS", "CERTCTL_DATABASE_MIGRATIONS_PATH", "CERTCTL_DEMO_SEED", "CERTCTL_AUTH_SECRET",
        "CERTCTL_AGENT_BOOTSTRAP_TOKEN",
        "CERTCTL_CONFIG_ENCRYPTION_KEY", "CERTCTL_KEYGEN_MODE", "CERTCTL_APPROVAL_BYPASS",
        "CERTCTL_CRL_GENERATION_INTERVAL", "CERTCTL_OCSP_RESPONDER_ROTATION_GRACE", "CERTCTL_OCSP_RESPONDER_VALIDITY",
        "CERTCTL_CERT_EXPORT_RATE_LIMIT_PER_ACTOR_HR",
    ];

    public static TheoryData<string> NotYet() => new(UpstreamElsewhere);

    [Fact]
    public void The_upstream_names_of_these_families_are_all_known() =>
        Assert.Empty(UnknownNames.Find(UpstreamHere, new(["CORP"], ["CORP"])));

    [Theory]
    [MemberData(nameof(NotYet))]
    public void An_upstream_name_that_this_version_has_not_is_refused_as_such(string name) =>
        Assert.Equal($"{name} is not supported by this version of certctl; remove it.", Settings.Structured().With(name, "1").Problem());

    [Theory]
    [InlineData("CERTCTL_SERVER_PROT", "CERTCTL_SERVER_PORT")]
    [InlineData("CERTCTL_SERVER_TLS_CERTPATH", "CERTCTL_SERVER_TLS_CERT_PATH")]
    [InlineData("CERTCTL_SERVER_MTLSPORT", "CERTCTL_SERVER_MTLS_PORT")]
    [InlineData("CERTCTL_DATABSE_URL", "CERTCTL_DATABASE_URL")]
    [InlineData("CERTCTL_DATABASE_URL_FIL", "CERTCTL_DATABASE_URL_FILE")]
    [InlineData("CERTCTL_LOGLEVEL", "CERTCTL_LOG_LEVEL")]
    [InlineData("CERTCTL_OCSP_VALIDTY", "CERTCTL_OCSP_VALIDITY")]
    [InlineData("CERTCTL_CRL_VALIDTY", "CERTCTL_CRL_VALIDITY")]
    [InlineData("CERTCTL_SCEP_ENABLE", "CERTCTL_SCEP_ENABLED")]
    [InlineData("CERTCTL_SCEP_CHALENGE_PASSWORD", "CERTCTL_SCEP_CHALLENGE_PASSWORD")]
    [InlineData("CERTCTL_SCEP_CHALLENGE_PASWORD_PREVIOUS", "CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS")]
    public void A_misspelt_name_is_refused_with_the_one_that_it_is_nearest_to(string name, string meant) =>
        Assert.Equal($"{name} is unknown; did you mean {meant}?", Settings.Complete().With(name, "1").Problem());

    [Fact]
    public void A_misspelt_setting_of_a_profile_names_that_profiles_own() => Assert.Equal(
        "CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PAHT is unknown; did you mean CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PATH?",
        Settings.Structured().With("CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PAHT", "/x").Problem());

    [Fact]
    public void A_name_that_is_near_to_nothing_points_to_the_documentation() => Assert.Equal(
        "CERTCTL_COFFEE is unknown; docs/configuration.md lists all names.", Settings.Complete().With("CERTCTL_COFFEE", "1").Problem());

    [Fact]
    public void A_file_form_is_for_secrets_alone() => Assert.StartsWith(
        "CERTCTL_SERVER_HOST_FILE names a file, but CERTCTL_SERVER_HOST is no secret",
        Settings.Complete().With("CERTCTL_SERVER_HOST_FILE", "/x").Problem(),
        StringComparison.Ordinal);

    [Fact]
    public void A_profile_that_is_not_listed_is_told_with_those_that_are()
    {
        Assert.StartsWith(
            "CERTCTL_SCEP_PROFILE_BRANCHES_RETRY_WINDOW belongs to no profile of CERTCTL_SCEP_PROFILES (CORP)",
            Settings.Structured().With("CERTCTL_SCEP_PROFILE_BRANCHES_RETRY_WINDOW", "1h").Problem(),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "CERTCTL_SCEP_PROFILE_BRANCHES_RETRY_WINDOW belongs to no profile of CERTCTL_SCEP_PROFILES (none is listed)",
            Settings.Complete().With("CERTCTL_SCEP_PROFILE_BRANCHES_RETRY_WINDOW", "1h").Problem(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_upstream_products_hyphen_in_a_name_leads_to_our_underscore() => Assert.EndsWith(
        "did you mean CERTCTL_SCEP_PROFILE_SHOP_FLOOR_RETRY_WINDOW?",
        Settings.Structured().With("CERTCTL_SCEP_PROFILES", "corp,shop-floor").AddProfile("SHOP_FLOOR")
            .With("CERTCTL_SCEP_PROFILE_SHOP-FLOOR_RETRY_WINDOW", "1h").Problem(),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("certctl_server_port", "certctl_server_port is not read: names are upper case. Set CERTCTL_SERVER_PORT.")]
    [InlineData("Certctl_Database_Url", "Certctl_Database_Url is not read: names are upper case. Set CERTCTL_DATABASE_URL.")]
    [InlineData("CERTCTL_scep_RETRY_WINDOW", "CERTCTL_scep_RETRY_WINDOW is not read: names are upper case. Set CERTCTL_SCEP_RETRY_WINDOW.")]
    [InlineData("certctl_server_prot", "certctl_server_prot is unknown (names are upper case); did you mean CERTCTL_SERVER_PORT?")]
    public void A_name_in_another_case_is_refused_with_the_right_one(string name, string problem) =>
        Assert.Equal(problem, Settings.Complete().With(name, "1").Problem());

    [Fact]
    public void An_empty_value_is_as_good_as_none() =>
        Assert.Empty(Settings.Complete().With("CERTCTL_COFFEE", "").With("CERTCTL_LOG_LEVEL", "").Reading().Problems);

    [Fact]
    public void What_quickstart_writes_for_the_clients_is_known_and_means_nothing_to_the_server()
    {
        var environment = Settings.Complete();
        foreach (var name in KnownSettings.ClientSide)
            environment[name] = "for the client";

        Assert.Empty(environment.Reading().Problems);
        Assert.Equal(Settings.Challenge, environment.Options().ScepProfiles[0].Challenge!.Reveal());
    }
}
