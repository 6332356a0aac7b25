using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>The JSON file: the same settings, the environment above it.</summary>
public sealed class JsonSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Config => _folder["certctl.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Strings_numbers_booleans_and_lists_are_settings()
    {
        Write("""
            {
              // comments are allowed
              "server_host": "0.0.0.0",
              "server_port": 9443,
              "CERTCTL_LOG_LEVEL": "debug",
              "ca_crl_urls": ["http://a/c.crl", "http://b/c.crl"],
              "scep_renewal_allow_name_change": true,
            }
            """);

        var options = Settings.Complete().Options(Config);

        Assert.Equal(("0.0.0.0", 9443, LogLevel.Debug), (options.Server.Host, options.Server.Port, options.Log.Level));
        Assert.Equal(["http://a/c.crl", "http://b/c.crl"], options.Ca.CrlUrls);
        Assert.True(options.ScepProfiles[0].RenewalMayChangeName);
    }

    [Fact]
    public void A_whole_configuration_may_stand_in_the_file()
    {
        Write("""
            {
              "server_tls_cert_path": "/tls.crt", "server_tls_key_path": "/tls.key",
              "database_url": "postgres://db/certctl", "ca_cert_path": "/ca.crt", "ca_key_path": "/ca.key",
              "scep_enabled": true,
              "scep_profiles": {
                "corp": { "issuer_id": "iss-local", "challenge_password": "a challenge of corp",
                  "ra_cert_path": ["/n.crt", "/o.crt"], "ra_key_path": ["/n.key", "/o.key"] },
                "Shop-Floor": { "issuer_id": "iss-local", "challenge_password": "a challenge of shops",
                  "ra_cert_path": "/s.crt", "ra_key_path": "/s.key", "retry_window": "5m" }
              }
            }
            """);

        var options = new Dictionary<string, string>().Options(Config);

        Assert.Equal(["corp", "shop-floor"], options.ScepProfiles.Select(profile => profile.PathId));
        Assert.Equal([new RaPairPaths("/n.crt", "/n.key"), new RaPairPaths("/o.crt", "/o.key")], options.ScepProfiles[0].RaPairs);
        Assert.Equal(TimeSpan.FromMinutes(5), options.ScepProfiles[1].RetryWindow);
    }

    [Fact]
    public void The_list_of_profiles_may_be_a_list()
    {
        Write("""{ "scep_profiles": ["corp"] }""");

        Assert.Equal("corp", Assert.Single(Settings.Structured().With("CERTCTL_SCEP_PROFILES", null).Options(Config).ScepProfiles).PathId);
    }

    [Fact]
    public void The_environment_wins_setting_by_setting()
    {
        Write("""{ "server_port": 9443, "server_host": "0.0.0.0", "log_level": "nonsense" }""");

        var options = Settings.Complete().With("CERTCTL_SERVER_PORT", "10443").With("CERTCTL_LOG_LEVEL", "warn").Options(Config);

        Assert.Equal((10443, "0.0.0.0", LogLevel.Warning), (options.Server.Port, options.Server.Host, options.Log.Level));
    }

    [Fact]
    public void An_empty_variable_does_not_hide_the_file()
    {
        Write("""{ "server_port": 9443 }""");

        Assert.Equal(9443, Settings.Complete().With("CERTCTL_SERVER_PORT", "").Options(Config).Server.Port);
    }

    [Fact]
    public void A_secret_of_the_environment_in_either_form_wins_over_one_of_the_file_in_either_form()
    {
        File.WriteAllText(_folder["secret"], "the challenge of a file");
        Write($$"""{ "scep_challenge_password": "the challenge of the JSON" }""");
        var byFile = Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null)
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", _folder["secret"]);
        Assert.Equal("the challenge of a file", byFile.Options(Config).ScepProfiles[0].Challenge!.Reveal());

        Write($$"""{ "scep_challenge_password_file": "{{_folder["secret"]}}" }""");
        Assert.Equal(Settings.Challenge, Settings.Complete().Options(Config).ScepProfiles[0].Challenge!.Reveal());
        Assert.Equal(
            "the challenge of a file",
            Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null).Options(Config).ScepProfiles[0].Challenge!.Reveal());
    }

    [Fact]
    public void What_a_verb_supplies_comes_last()
    {
        Write("""{ "server_port": 9443 }""");
        var defaults = new Dictionary<string, string> { ["CERTCTL_SERVER_PORT"] = "1", ["CERTCTL_SERVER_HOST"] = "::1" };

        var options = ConfigurationReader.Read(Settings.Complete(), Config, defaults).Options!;

        Assert.Equal((9443, "::1"), (options.Server.Port, options.Server.Host));
    }

    [Theory]
    [InlineData("""{ "server_prot": 1 }""", "CERTCTL_SERVER_PROT is unknown; did you mean CERTCTL_SERVER_PORT?")]
    [InlineData("""{ "coffee": true }""", "CERTCTL_COFFEE is unknown; docs/configuration.md lists all names.")]
    [InlineData("""{ "agent_token": "x" }""", "CERTCTL_AGENT_TOKEN is not supported by this version of certctl; remove it.")]
    [InlineData("""{ "est_profiles": { "corp": "yes" } }""", "est_profiles.corp is not an object.")]
    [InlineData("""{ "est_profiles": { "": {} } }""", "est_profiles has the name \"\", which is no name of one profile; give it one.")]
    [InlineData("""{ "server": { "port": 1 } }""", "CERTCTL_SERVER is neither a string, number, boolean nor list of strings.")]
    [InlineData("""{ "ca_ocsp_url": null }""", "CERTCTL_CA_OCSP_URL is neither a string, number, boolean nor list of strings.")]
    [InlineData("""{ "ca_crl_urls": [1] }""", "CERTCTL_CA_CRL_URLS is neither a string, number, boolean nor list of strings.")]
    [InlineData("""{ "server_port": 1, "SERVER_PORT": 2 }""", "CERTCTL_SERVER_PORT stands twice.")]
    [InlineData("""{ "server_port": 1.5 }""", "CERTCTL_SERVER_PORT: \"1.5\" is not a whole number from 0 to 65535.")]
    [InlineData("[]", "is not a JSON object.")]
    [InlineData("{\n\n \"server_port\": }", "line 3 is not JSON.")]
    [InlineData("", "line 1 is not JSON.")]
    public void A_mistake_in_the_file_is_a_problem(string json, string said)
    {
        Write(json);

        Assert.EndsWith(said, Settings.Complete().Problem(Config), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "scep_profiles": { "corp": { "ra_cert_paht": "/x" } } }""",
        "CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PAHT is unknown; did you mean CERTCTL_SCEP_PROFILE_CORP_RA_CERT_PATH?")]
    [InlineData("""{ "scep_profiles": { "corp": "yes" } }""", "scep_profiles.corp is not an object.")]
    public void A_mistake_in_a_profile_of_the_file_is_a_problem(string json, string said)
    {
        Write(json);

        Assert.EndsWith(said, Settings.Structured().With("CERTCTL_SCEP_PROFILES", null).Problem(Config), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_kind_of_value_for_a_secret_is_refused_without_it()
    {
        Write("""{ "key_passphrase": ["Kx9", { "Kx9": 1 }] }""");

        Assert.DoesNotContain("Kx9", Settings.Complete().Problem(Config), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem() =>
        Assert.StartsWith($"{Config}: cannot be read", Settings.Complete().Problem(Config), StringComparison.Ordinal);

    private void Write(string json) => File.WriteAllText(Config, json);
}
