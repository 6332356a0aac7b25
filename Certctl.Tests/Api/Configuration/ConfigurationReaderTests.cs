using Certctl.Api.Configuration;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>Text to options: what is read, what is refused and in which words, and that all problems come at once.</summary>
public sealed class ConfigurationReaderTests : IDisposable
{
    private const string GoodChallenge = "long enough for everybody";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_least_that_a_server_needs_gives_the_documented_defaults()
    {
        var options = Good(Flat());
        Assert.Equal(("127.0.0.1", 8080, 1048576), (options.Server.Host, options.Server.Port, options.Server.MaxBodySize));
        Assert.Equal((DatabaseProvider.Sqlite, 25), (options.Database.Provider, options.Database.MaxConnections));
        Assert.Equal(new LogOptions(LogLevel.Information, Json: true), options.Log);
        Assert.Equal(("iss-local", TimeSpan.FromDays(90)), (options.Ca.IssuerId, options.Ca.Validity));
        var scep = Assert.Single(options.ScepProfiles);
        Assert.Equal(("", "default", TimeSpan.FromHours(1), false), (scep.PathId, scep.CertificateProfileId, scep.RetryWindow, scep.RenewalMayChangeName));
        Assert.Equal([new RaPairPaths("ra.crt", "ra.key")], scep.RaPairs);
        Assert.Null(scep.PreviousChallenge);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        var options = Good(Flat(
            ("CERTCTL_SERVER_HOST", "::1"), ("CERTCTL_SERVER_PORT", "8443"), ("CERTCTL_MAX_BODY_SIZE", "65536"),
            ("CERTCTL_DATABASE_URL", "postgres://u:p%40ss@db:5433/certs?sslmode=verify-full"), ("CERTCTL_DATABASE_MAX_CONNS", "7"),
            ("CERTCTL_LOG_LEVEL", "Debug"), ("CERTCTL_LOG_FORMAT", "TEXT"),
            ("CERTCTL_CA_VALIDITY_DAYS", "30"), ("CERTCTL_CA_CRL_URLS", "http://a/crl, http://b/crl"), ("CERTCTL_CA_OCSP_URL", "http://a/ocsp"), ("CERTCTL_CA_ISSUERS_URL", "https://a/ca"),
            ("CERTCTL_KEY_PASSPHRASE", "open"), ("CERTCTL_SCEP_PROFILE_ID", "vpn"), ("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", "the one before this"),
            ("CERTCTL_SCEP_RA_CERT_PATH", "a.crt,b.crt"), ("CERTCTL_SCEP_RA_KEY_PATH", "a.key,b.key"), ("CERTCTL_SCEP_EXTRA_CAPABILITIES", "sha-384,DES3"),
            ("CERTCTL_SCEP_RETRY_WINDOW", "1h30m"), ("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", "yes")));

        Assert.Equal(new ServerOptions("::1", 8443, 65536, "tls.crt", "tls.key"), options.Server);
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(options.Database.ConnectionString.Reveal());
        Assert.Equal(("db", 5433, "certs", "u", "p@ss", Npgsql.SslMode.VerifyFull), (connection.Host, connection.Port, connection.Database, connection.Username, connection.Password, connection.SslMode));
        Assert.Equal(7, options.Database.MaxConnections);
        Assert.Equal(new LogOptions(LogLevel.Debug, Json: false), options.Log);
        Assert.Equal(TimeSpan.FromDays(30), options.Ca.Validity);
        Assert.Equal(["http://a/crl", "http://b/crl"], options.Ca.CrlUrls);
        Assert.Equal(("http://a/ocsp", "https://a/ca"), (options.Ca.OcspUrl, options.Ca.CaIssuersUrl));
        Assert.Equal("open", options.KeyPassphrase!.Reveal());
        var scep = Assert.Single(options.ScepProfiles);
        Assert.Equal(("vpn", TimeSpan.FromMinutes(90), true), (scep.CertificateProfileId, scep.RetryWindow, scep.RenewalMayChangeName));
        Assert.Equal("the one before this", scep.PreviousChallenge!.Reveal());
        Assert.Equal([new RaPairPaths("a.crt", "a.key"), new("b.crt", "b.key")], scep.RaPairs);
        Assert.Equal(["SHA-384", "DES3"], scep.ExtraCapabilities);
    }

    [Theory]
    [InlineData("CERTCTL_SERVER_PORT", "65536", "a whole number from 0 to 65535")]
    [InlineData("CERTCTL_SERVER_PORT", "8443x", "a whole number")]
    [InlineData("CERTCTL_MAX_BODY_SIZE", "100", "4096 to 16777216")]
    [InlineData("CERTCTL_DATABASE_MAX_CONNS", "1", "3 to 500")]
    [InlineData("CERTCTL_LOG_LEVEL", "loud", "one of debug, info, warn, error")]
    [InlineData("CERTCTL_LOG_FORMAT", "xml", "json or text")]
    [InlineData("CERTCTL_CA_VALIDITY_DAYS", "0", "1 to 3650")]
    [InlineData("CERTCTL_CA_CRL_URLS", "http://a,ldap://b", "an http or https URL")]
    [InlineData("CERTCTL_CA_OCSP_URL", "ocsp", "an http or https URL")]
    [InlineData("CERTCTL_CA_ISSUERS_URL", "file:///x", "an http or https URL")]
    [InlineData("CERTCTL_SCEP_ENABLED", "on", "true or false")]
    [InlineData("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", "ja", "true or false")]
    [InlineData("CERTCTL_SCEP_RETRY_WINDOW", "25h", "at most 24h")]
    [InlineData("CERTCTL_SCEP_RETRY_WINDOW", "10", "a duration")]
    [InlineData("CERTCTL_SCEP_EXTRA_CAPABILITIES", "MD5", "one of SHA-384, DES3, SHA-1")]
    [InlineData("CERTCTL_SCEP_ISSUER_ID", "iss-other", "there is no issuer")]
    [InlineData("CERTCTL_SCEP_RA_KEY_PATH", "a.key,b.key", "each certificate needs its key")]
    [InlineData("CERTCTL_SERVER_TLS_CERT_PATH", "", "is not set")]
    [InlineData("CERTCTL_SERVER_TLS_KEY_PATH", "", "is not set")]
    [InlineData("CERTCTL_CA_CERT_PATH", "", "is not set")]
    [InlineData("CERTCTL_CA_KEY_PATH", "", "is not set")]
    [InlineData("CERTCTL_SCEP_CHALLENGE_PASSWORD", "", "is not set")]
    [InlineData("CERTCTL_SCEP_RA_CERT_PATH", "", "is not set")]
    [InlineData("CERTCTL_DATABASE_URL", "", "is not set")]
    [InlineData("CERTCTL_DATABASE_URL", "mysql://h/d", "neither postgres:// nor sqlite://")]
    [InlineData("CERTCTL_DATABASE_URL", "postgres://h", "names no host or no database")]
    [InlineData("CERTCTL_DATABASE_URL", "postgres://h/d?sslmode=maybe", "sslmode is none of")]
    [InlineData("CERTCTL_DATABASE_URL", "postgres://h/d?pool=3", "option \"pool\" is none of")]
    [InlineData("CERTCTL_DATABASE_URL", "sqlite://", "needs the path of a file")]
    public void A_value_that_cannot_be_meant_is_a_problem_that_names_the_setting(string name, string value, string words)
    {
        var problem = Assert.Single(Problems(Flat((name, value))), text => text.Contains(words, StringComparison.Ordinal));
        Assert.Contains(name, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("TRUE", true)]
    [InlineData("1", true)]
    [InlineData("Yes", true)]
    [InlineData("false", false)]
    [InlineData("False", false)]
    [InlineData("0", false)]
    [InlineData("NO", false)]
    public void Booleans_in_all_their_spellings(string text, bool meant) =>
        Assert.Equal(meant, Assert.Single(Good(Flat(("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", text))).ScepProfiles).RenewalMayChangeName);

    [Fact]
    public void All_problems_come_at_once()
    {
        var problems = Problems(new() { ["CERTCTL_SERVER_PORT"] = "x", ["CERTCTL_LOG_LEVEL"] = "x", ["CERTCTL_SCEP_ENABLED"] = "true", ["CERTCTL_SERVRE_HOST"] = "x" });
        string[] expected =
        [
            "CERTCTL_SERVER_PORT", "CERTCTL_LOG_LEVEL", "CERTCTL_SERVRE_HOST", "CERTCTL_SERVER_TLS_CERT_PATH", "CERTCTL_SERVER_TLS_KEY_PATH", "CERTCTL_DATABASE_URL", "CERTCTL_CA_CERT_PATH",
            "CERTCTL_CA_KEY_PATH", "CERTCTL_SCEP_CHALLENGE_PASSWORD", "CERTCTL_SCEP_RA_CERT_PATH", "CERTCTL_SCEP_RA_KEY_PATH",
        ];
        Assert.All(expected, name => Assert.Contains(problems, problem => problem.StartsWith(name, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, problems.Count);
    }

    [Theory]
    [InlineData("CERTCTL_SERVRE_PORT", "did you mean CERTCTL_SERVER_PORT?")]
    [InlineData("CERTCTL_SCEP_CHALENGE_PASSWORD", "did you mean CERTCTL_SCEP_CHALLENGE_PASSWORD?")]
    [InlineData("CERTCTL_SCEP_PROFILE_DI", "did you mean CERTCTL_SCEP_PROFILE_ID?")]
    [InlineData("CERTCTL_SERVER_PORT_FILE", "is no secret; set CERTCTL_SERVER_PORT itself")]
    [InlineData("CERTCTL_WHATEVER_THIS_IS", "lists all names")]
    [InlineData("CERTCTL_EST_ENABLED", "not supported by this version")]
    public void A_name_that_means_nothing_is_a_problem_with_the_nearest_that_does(string name, string words) =>
        Assert.Contains(Problems(Flat((name, "1"))), problem => problem.StartsWith(name, StringComparison.Ordinal) && problem.Contains(words, StringComparison.Ordinal));

    [Fact]
    public void Names_of_others_of_the_tests_and_of_the_client_are_no_concern() =>
        Good(Flat(("PATH", "/bin"), ("CERTCTL_TEST_POSTGRES", "x"), ("CERTCTL_CHALLENGE", "x"), ("CERTCTL_API_KEY", "x"), ("CERTCTL_SERVRE", "")));

    [Fact]
    public void A_secret_may_come_from_a_file_without_its_last_line_end()
    {
        var path = Secret("in a file, with spaces \n");
        var environment = Flat(("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", path));
        environment.Remove("CERTCTL_SCEP_CHALLENGE_PASSWORD");
        Assert.Equal("in a file, with spaces ", Assert.Single(Good(environment).ScepProfiles).Challenge.Reveal());

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains(Read(environment).Warnings, warning => warning.Contains("can be read by others", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CERTCTL_SCEP_CHALLENGE_PASSWORD")]
    [InlineData("CERTCTL_DATABASE_URL")]
    [InlineData("CERTCTL_KEY_PASSPHRASE")]
    public void A_secret_given_twice_or_by_a_file_that_is_not_there_or_empty_is_a_problem(string name)
    {
        Assert.Contains(Problems(Flat((name, GoodChallenge), (name + "_FILE", Secret("other secret of length")))), problem => problem.Contains("both set", StringComparison.Ordinal));
        foreach (var path in new[] { _folder["nothing"], Secret("") })
        {
            var environment = Flat((name + "_FILE", path));
            environment.Remove(name);
            Assert.Contains(Problems(environment), problem => problem.StartsWith(name + "_FILE", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Short_challenges_are_refused_or_warned_about_and_no_secret_is_ever_quoted()
    {
        const string Seven = "7-chars";
        const string Fifteen = "fifteen-letters";
        var reading = Read(Flat(("CERTCTL_SCEP_CHALLENGE_PASSWORD", Seven), ("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", Fifteen), ("CERTCTL_DATABASE_URL", "postgres://u:hunter2@/x?y=z")));
        Assert.Contains(reading.Problems, problem => problem.StartsWith("CERTCTL_SCEP_CHALLENGE_PASSWORD: has fewer than 8", StringComparison.Ordinal));
        Assert.Contains(reading.Warnings, warning => warning.StartsWith("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS: has fewer than 16", StringComparison.Ordinal));
        Assert.All([.. reading.Problems, .. reading.Warnings], text => Assert.All([Seven, Fifteen, "hunter2"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_environment_wins_over_the_file_and_the_file_over_what_quickstart_supplies()
    {
        var file = _folder["certctl.json"];
        File.WriteAllText(file, """{ "server_port": 1111, "CERTCTL_LOG_LEVEL": "warn", /* a comment */ "ca_crl_urls": ["http://a", "http://b"], }""");
        var defaults = Flat(("CERTCTL_SERVER_PORT", "3333"), ("CERTCTL_LOG_LEVEL", "error"), ("CERTCTL_MAX_BODY_SIZE", "5000"));
        var reading = ConfigurationReader.Read(new Dictionary<string, string> { ["CERTCTL_SERVER_PORT"] = "2222" }, file, defaults);
        Assert.Empty(reading.Problems);
        Assert.Equal((2222, 5000), (reading.Options!.Server.Port, reading.Options.Server.MaxBodySize));
        Assert.Equal(LogLevel.Warning, reading.Options.Log.Level);
        Assert.Equal(["http://a", "http://b"], reading.Options.Ca.CrlUrls);
    }

    [Theory]
    [InlineData("{", "line 1 is not JSON")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("""{ "server_port": { } }""", "neither a string, number, boolean nor list")]
    [InlineData("""{ "server_port": 1, "CERTCTL_SERVER_PORT": 2 }""", "stands twice")]
    [InlineData("""{ "servre_port": 1 }""", "did you mean CERTCTL_SERVER_PORT?")]
    public void A_file_with_a_mistake_is_a_problem(string json, string words)
    {
        var file = _folder["certctl.json"];
        File.WriteAllText(file, json);
        Assert.Contains(ConfigurationReader.Read(Flat(), file).Problems, problem => problem.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Named_profiles_come_from_variables_or_from_the_file()
    {
        var named = Named("corp", "branch-office");
        var options = Good(named);
        Assert.Equal(["corp", "branch-office"], options.ScepProfiles.Select(profile => profile.PathId));

        var file = _folder["certctl.json"];
        File.WriteAllText(file, """{ "scep_enabled": true, "scep_profiles": { "corp": { "issuer_id": "iss-local", "challenge_password": "the challenge of corp", "ra_cert_path": "a", "ra_key_path": "b" } } }""");
        var reading = ConfigurationReader.Read(Base(), file);
        Assert.Empty(reading.Problems);
        Assert.Equal("the challenge of corp", Assert.Single(reading.Options!.ScepProfiles).Challenge.Reveal());
    }

    [Theory]
    [InlineData("corp,CORP", "are the same name")]
    [InlineData("a-b,a_b", "cannot be a path")]
    [InlineData("-corp", "cannot be a path")]
    [InlineData("corp-", "cannot be a path")]
    [InlineData("co/rp", "cannot be a path")]
    public void A_name_that_is_no_path_or_stands_twice_is_a_problem(string names, string words) =>
        Assert.Contains(Problems(Named(names.Split(','))), problem => problem.StartsWith("CERTCTL_SCEP_PROFILES", StringComparison.Ordinal) && problem.Contains(words, StringComparison.Ordinal));

    [Fact]
    public void A_named_profile_takes_nothing_from_the_flat_form_and_says_which_one_lacks_what()
    {
        var both = Named("corp");
        both["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = GoodChallenge;
        Assert.Contains(Problems(both), problem => problem.Contains("both set", StringComparison.Ordinal));

        var lacking = Named("corp", "iot");
        lacking.Remove("CERTCTL_SCEP_PROFILE_IOT_CHALLENGE_PASSWORD");
        lacking.Remove("CERTCTL_SCEP_PROFILE_IOT_ISSUER_ID");
        Assert.Equal(2, Problems(lacking).Count(problem => problem.StartsWith("CERTCTL_SCEP_PROFILE_IOT_", StringComparison.Ordinal)));

        var unlisted = Named("corp");
        unlisted["CERTCTL_SCEP_PROFILE_IOT_CHALLENGE_PASSWORD"] = GoodChallenge;
        Assert.Contains(Problems(unlisted), problem => problem.Contains("belongs to no profile of CERTCTL_SCEP_PROFILES (CORP)", StringComparison.Ordinal));
    }

    [Fact]
    public void With_SCEP_off_its_settings_have_no_effect_and_that_is_said()
    {
        var reading = Read(Flat(("CERTCTL_SCEP_ENABLED", "false")));
        Assert.Empty(reading.Options!.ScepProfiles);
        Assert.Contains(reading.Warnings, warning => warning.Contains("CERTCTL_SCEP_ENABLED is false", StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Base(params (string Name, string Value)[] more)
    {
        Dictionary<string, string> settings = new()
        {
            ["CERTCTL_SERVER_TLS_CERT_PATH"] = "tls.crt",
            ["CERTCTL_SERVER_TLS_KEY_PATH"] = "tls.key",
            ["CERTCTL_DATABASE_URL"] = "sqlite:///tmp/certctl.db",
            ["CERTCTL_CA_CERT_PATH"] = "ca.crt",
            ["CERTCTL_CA_KEY_PATH"] = "ca.key",
        };
        foreach (var (name, value) in more)
            settings[name] = value;
        return settings;
    }

    private static Dictionary<string, string> Flat(params (string Name, string Value)[] more) => Base(
    [
        ("CERTCTL_SCEP_ENABLED", "true"),
        ("CERTCTL_SCEP_CHALLENGE_PASSWORD", GoodChallenge),
        ("CERTCTL_SCEP_RA_CERT_PATH", "ra.crt"),
        ("CERTCTL_SCEP_RA_KEY_PATH", "ra.key"),
        .. more,
    ]);

    private static Dictionary<string, string> Named(params string[] names)
    {
        var settings = Base(("CERTCTL_SCEP_ENABLED", "true"), ("CERTCTL_SCEP_PROFILES", string.Join(',', names)));
        foreach (var name in names)
        {
            var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant().Replace('-', '_')}_";
            settings[prefix + "ISSUER_ID"] = "iss-local";
            settings[prefix + "CHALLENGE_PASSWORD"] = GoodChallenge;
            settings[prefix + "RA_CERT_PATH"] = "ra.crt";
            settings[prefix + "RA_KEY_PATH"] = "ra.key";
        }

        return settings;
    }

    private static ConfigurationReading Read(Dictionary<string, string> environment) => ConfigurationReader.Read(environment, configPath: null);

    private static CertctlOptions Good(Dictionary<string, string> environment)
    {
        var reading = Read(environment);
        Assert.Empty(reading.Problems);
        return reading.Options!;
    }

    private static IReadOnlyList<string> Problems(Dictionary<string, string> environment)
    {
        var reading = Read(environment);
        Assert.Null(reading.Options);
        return reading.Problems;
    }

    private string Secret(string text)
    {
        var path = _folder[Guid.NewGuid().ToString("N")];
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
