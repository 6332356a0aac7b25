using System.Globalization;
using Certctl.Api.Configuration;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>Every setting of the table: what it becomes, and what a value that cannot be read is told.</summary>
public sealed class ConfigurationReaderTests
{
    /// <summary>Setting, a value other than the default, and what stands in the options then (<see cref="Told"/>).</summary>
    public static readonly TheoryData<string, string, string> Good = new()
    {
        { "CERTCTL_SERVER_HOST", "0.0.0.0", "0.0.0.0" },
        { "CERTCTL_SERVER_PORT", "65535", "65535" },
        { "CERTCTL_SERVER_PORT", "0", "0" },
        { "CERTCTL_MAX_BODY_SIZE", "4096", "4096" },
        { "CERTCTL_MAX_BODY_SIZE", "16777216", "16777216" },
        { "CERTCTL_SERVER_TLS_CERT_PATH", "/a b/tls.crt", "/a b/tls.crt" },
        { "CERTCTL_SERVER_TLS_KEY_PATH", "/other/tls.key", "/other/tls.key" },
        { "CERTCTL_DATABASE_URL", "sqlite:///other.db", "Sqlite" },
        { "CERTCTL_DATABASE_URL", "postgres://db/certctl", "PostgreSql" },
        { "CERTCTL_DATABASE_MAX_CONNS", "3", "3" },
        { "CERTCTL_DATABASE_MAX_CONNS", "500", "500" },
        { "CERTCTL_DATABASE_DEADLINE", "1s", "1s" },
        { "CERTCTL_DATABASE_DEADLINE", "1m", "60s" },
        { "CERTCTL_LOG_LEVEL", "debug", "Debug" },
        { "CERTCTL_LOG_LEVEL", "WARN", "Warning" },
        { "CERTCTL_LOG_LEVEL", "error", "Error" },
        { "CERTCTL_LOG_FORMAT", "text", "False" },
        { "CERTCTL_LOG_FORMAT", "JSON", "True" },
        { "CERTCTL_CA_CERT_PATH", "/other/ca.crt", "/other/ca.crt" },
        { "CERTCTL_CA_KEY_PATH", "/other/ca.key", "/other/ca.key" },
        { "CERTCTL_CA_VALIDITY_DAYS", "1", "1.00:00:00" },
        { "CERTCTL_CA_VALIDITY_DAYS", "3650", "3650.00:00:00" },
        { "CERTCTL_CA_CRL_URLS", "http://a/c.crl, https://b/c.crl,", "http://a/c.crl|https://b/c.crl" },
        { "CERTCTL_CA_OCSP_URL", "http://ocsp.example/", "http://ocsp.example/" },
        { "CERTCTL_CA_ISSUERS_URL", "https://pki.example/ca.crt", "https://pki.example/ca.crt" },
        { "CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.com/", "http://pki.example.com" },
        { "CERTCTL_PUBLICATION_BASE_URL", "https://pki.example.com:8443/ca", "https://pki.example.com:8443/ca" },
        { "CERTCTL_PUBLICATION_BASE_URL", "None", "none" },
        { "CERTCTL_PUBLICATION_MAX_CONNECTIONS_PER_IP", "0", "0" },
        { "CERTCTL_PUBLICATION_MAX_CONNECTIONS_PER_IP", "2000", "2000" },
        { "CERTCTL_PUBLICATION_PORT", "0", "0" },
        { "CERTCTL_PUBLICATION_PORT", "65535", "65535" },
        { "CERTCTL_OCSP_RESPONDER_KEY_DIR", "/var/lib/certctl", "/var/lib/certctl" },
        { "CERTCTL_OCSP_VALIDITY", "1m", "1m" },
        { "CERTCTL_OCSP_VALIDITY", "168h", "10080m" },
        { "CERTCTL_CRL_VALIDITY", "10m", "10m" },
        { "CERTCTL_CRL_VALIDITY", "720h", "43200m" },
        { "CERTCTL_CRL_DELTA_VALIDITY", "5m", "5m" },
        { "CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "64", "64" },
        { "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN", "0", "0" },
        { "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN", "1000000", "1000000" },
        { "CERTCTL_KEY_PASSPHRASE", "opens the keys", "opens the keys" },
        { "CERTCTL_AUTH_TYPE", "none", "none" },
        { "CERTCTL_API_KEYS_NAMED", "alice:0123456789abcdef0123456789abcdef:admin", "alice Admin" },
        { "CERTCTL_RATE_LIMIT_ENABLED", "false", "false" },
        { "CERTCTL_RATE_LIMIT_RPS", "100000", "100000" },
        { "CERTCTL_RATE_LIMIT_BURST", "1", "1" },
        { "CERTCTL_RATE_LIMIT_PER_USER_RPS", "7", "7" },
        { "CERTCTL_RATE_LIMIT_PER_USER_BURST", "100000", "100000" },
        { "CERTCTL_SCEP_PROBE_ENABLED", "true", "" },
        { "CERTCTL_SCEP_PROBE_ALLOW", "10.20.0.0/16,fd00:1::/32", "10.20.0.0/16|fd00:1::/32" },
        { "CERTCTL_TRUSTED_PROXIES", "10.20.0.0/16,fd00:1::/32", "10.20.0.0/16|fd00:1::/32" },
        { "CERTCTL_PROXY_CLIENT_CERT_HEADER", "Client-Cert", "Client-Cert" },
        { "CERTCTL_PROXY_PROTOCOL", "true", "True" },
        { "CERTCTL_OIDC_AUTHORITY", "https://login.example.com/tenant", "https://login.example.com/tenant" },
        { "CERTCTL_OIDC_AUDIENCE", "certctl", "certctl" },
        { "CERTCTL_OIDC_ROLE_MAP", "pki=admins=admin, helpdesk=operator", "pki=admins Admin|helpdesk Operator" },
        { "CERTCTL_OIDC_ROLE_CLAIM", "groups", "groups" },
        { "CERTCTL_OIDC_NAME_CLAIM", "email", "email" },
        { "CERTCTL_OIDC_CA_PATH", "/roots.pem", "/roots.pem" },
        { "CERTCTL_OIDC_CLIENT_ID", "pages", "pages" },
        { "CERTCTL_OIDC_CLIENT_SECRET", "a secret of the pages", "a secret of the pages" },
        { "CERTCTL_OIDC_SCOPES", "openid, groups", "openid,groups" },
        { "CERTCTL_CORS_ORIGINS", "https://portal.example.com, http://localhost:3000", "https://portal.example.com|http://localhost:3000" },
        { "CERTCTL_METRICS_ENABLED", "yes", "True" },
        { "CERTCTL_UI_ENABLED", "false", "False" },
        { "CERTCTL_METRICS_TOKEN", "0123456789abcdef", "0123456789abcdef" },
        { "CERTCTL_OTLP_ENDPOINT", "http://collector:4318", "http://collector:4318/" },
        { "CERTCTL_SCEP_ENABLED", "true", "1" },
        { "CERTCTL_SCEP_PROFILES", "corp", "corp" },
        { "CERTCTL_EST_ENABLED", "true", "1" },
        { "CERTCTL_EST_PROFILES", "corp", "corp" },
        { "CERTCTL_SERVER_MTLS_PORT", "0", "0" },
        { "CERTCTL_SERVER_MAX_IN_FLIGHT", "1", "1" },
        { "CERTCTL_SERVER_MAX_IN_FLIGHT", "10000", "10000" },
        { "CERTCTL_SERVER_MTLS_PORT", "65535", "65535" },
    };

    /// <summary>Setting, a value that cannot be read, and what it should be.</summary>
    public static readonly TheoryData<string, string?, string> Bad = new()
    {
        { "CERTCTL_SERVER_PORT", "65536", "a whole number from 0 to 65535" },
        { "CERTCTL_SERVER_PORT", "-1", "a whole number from 0 to 65535" },
        { "CERTCTL_SERVER_PORT", "https", "a whole number from 0 to 65535" },
        { "CERTCTL_SERVER_PORT", "99999999999999999999", "a whole number from 0 to 65535" },
        { "CERTCTL_MAX_BODY_SIZE", "4095", "a whole number from 4096 to 16777216" },
        { "CERTCTL_MAX_BODY_SIZE", "1e6", "a whole number from 4096 to 16777216" },
        { "CERTCTL_SERVER_TLS_CERT_PATH", null, "is not set" },
        { "CERTCTL_SERVER_TLS_KEY_PATH", null, "is not set" },
        { "CERTCTL_DATABASE_URL", null, "is not set" },
        { "CERTCTL_DATABASE_URL", "mysql://db/certctl", "must start with postgres:// or sqlite://" },
        { "CERTCTL_DATABASE_MAX_CONNS", "2", "a whole number from 3 to 500" },
        { "CERTCTL_DATABASE_MAX_CONNS", "501", "a whole number from 3 to 500" },
        { "CERTCTL_DATABASE_DEADLINE", "999ms", "a duration from 1s to 1m" },
        { "CERTCTL_DATABASE_DEADLINE", "61s", "a duration from 1s to 1m" },
        { "CERTCTL_LOG_LEVEL", "trace", "one of debug, info, warn, error" },
        { "CERTCTL_LOG_FORMAT", "xml", "one of json, text" },
        { "CERTCTL_CA_CERT_PATH", null, "is not set" },
        { "CERTCTL_CA_KEY_PATH", "", "is not set" },
        { "CERTCTL_CA_VALIDITY_DAYS", "0", "a whole number from 1 to 3650" },
        { "CERTCTL_CA_VALIDITY_DAYS", "90d", "a whole number from 1 to 3650" },
        { "CERTCTL_CA_CRL_URLS", "http://a/c.crl,ldap://b/", "\"ldap://b/\" is not an http or https URL" },
        { "CERTCTL_CA_OCSP_URL", "ocsp.example", "an http or https URL" },
        { "CERTCTL_CA_OCSP_URL", "http://öcsp.example/", "an http or https URL" },
        { "CERTCTL_CA_ISSUERS_URL", "file:///ca.crt", "an http or https URL" },
        { "CERTCTL_PUBLICATION_BASE_URL", "ldap://pki.example.com", "an http or https URL" },
        { "CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.com/?ca=1", "an http or https URL of at most 200 characters without query" },
        { "CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.com/#ca", "an http or https URL of at most 200 characters without query" },
        { "CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.com/a b", "an http or https URL of at most 200 characters without query" },
        {
            "CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.com/ca/.well-known/pki/",
            "ends with /.well-known/pki, which is appended to it; leave that away: http://pki.example.com/ca"
        },
        { "CERTCTL_PUBLICATION_MAX_CONNECTIONS_PER_IP", "2001", "a whole number from 0 to 2000" },
        { "CERTCTL_PUBLICATION_PORT", "65536", "a whole number from 0 to 65535" },
        { "CERTCTL_OCSP_VALIDITY", "59s", "a duration from 1m to 168h" },
        { "CERTCTL_OCSP_VALIDITY", "169h", "a duration from 1m to 168h" },
        { "CERTCTL_CRL_VALIDITY", "9m", "a duration from 10m to 720h" },
        { "CERTCTL_CRL_VALIDITY", "721h", "a duration from 10m to 720h" },
        { "CERTCTL_CRL_DELTA_VALIDITY", "4m", "a duration from 5m to 168h" },
        { "CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "0", "a whole number from 1 to 64" },
        { "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN", "-1", "a whole number from 0 to 1000000" },
        { "CERTCTL_AUTH_TYPE", "jwt", "one of api-key, none" },
        { "CERTCTL_API_KEYS_NAMED", "alice", "entry 1 is not name:key" },
        { "CERTCTL_RATE_LIMIT_ENABLED", "off", "true or false" },
        { "CERTCTL_RATE_LIMIT_RPS", "0", "a whole number from 1 to 100000" },
        { "CERTCTL_RATE_LIMIT_BURST", "100001", "a whole number from 1 to 100000" },
        { "CERTCTL_RATE_LIMIT_PER_USER_RPS", "-1", "a whole number from 0 to 100000" },
        { "CERTCTL_RATE_LIMIT_PER_USER_BURST", "many", "a whole number from 0 to 100000" },
        { "CERTCTL_SCEP_PROBE_ENABLED", "on", "true or false" },
        { "CERTCTL_SCEP_PROBE_ALLOW", "10.20.0.1/16", "a network such as 10.20.0.0/16" },
        { "CERTCTL_SCEP_PROBE_ALLOW", "localhost", "a network such as 10.20.0.0/16" },
        { "CERTCTL_TRUSTED_PROXIES", "10.20.0.1/16", "a network such as 10.20.0.0/16" },
        { "CERTCTL_TRUSTED_PROXIES", "proxy.example", "a network such as 10.20.0.0/16" },
        { "CERTCTL_TRUSTED_PROXIES", "0.0.0.0/0", "holds every address" },
        { "CERTCTL_TRUSTED_PROXIES", "10.20.0.0/16,::/0", "holds every address" },
        { "CERTCTL_PROXY_CLIENT_CERT_HEADER", "X SSL", "is not the name of a header of its own" },
        { "CERTCTL_PROXY_CLIENT_CERT_HEADER", "authorization", "is not the name of a header of its own" },
        { "CERTCTL_PROXY_PROTOCOL", "v2", "true or false" },
        { "CERTCTL_OIDC_AUTHORITY", "http://login.example.com", "an https URL without user name, query and fragment" },
        { "CERTCTL_OIDC_AUDIENCE", null, "is not set: what aud of a token must hold" },
        { "CERTCTL_OIDC_ROLE_MAP", null, "is not set" },
        { "CERTCTL_OIDC_ROLE_MAP", "pki-admins=root", "value=role, with role one of admin, operator, auditor" },
        { "CERTCTL_OIDC_ROLE_MAP", "a=admin,a=auditor", "a is given twice" },
        { "CERTCTL_OIDC_SCOPES", "profile", "lacks openid: without it the issuer sends no ID token" },
        { "CERTCTL_CORS_ORIGINS", "*", "would let every page on the web use the API" },
        { "CERTCTL_CORS_ORIGINS", "https://portal.example.com/", "an origin as browsers send it" },
        { "CERTCTL_CORS_ORIGINS", "https://Portal.example.com", "an origin as browsers send it" },
        { "CERTCTL_CORS_ORIGINS", "https://portal.example.com:443", "an origin as browsers send it" },
        { "CERTCTL_CORS_ORIGINS", "portal.example.com", "an origin as browsers send it" },
        { "CERTCTL_CORS_ORIGINS", "null", "an origin as browsers send it" },
        { "CERTCTL_METRICS_ENABLED", "maybe", "true or false" },
        { "CERTCTL_UI_ENABLED", "maybe", "true or false" },
        { "CERTCTL_METRICS_TOKEN", "short", "fewer than 16 characters" },
        { "CERTCTL_OTLP_ENDPOINT", "collector:4318", "an http or https URL" },
        { "CERTCTL_SCEP_ENABLED", "on", "true or false" },
        { "CERTCTL_EST_ENABLED", "on", "true or false" },
        { "CERTCTL_SERVER_MAX_IN_FLIGHT", "0", "a whole number from 1 to 10000" },
        { "CERTCTL_SERVER_MTLS_PORT", "65536", "a whole number from 0 to 65535" },
    };

    [Theory]
    [InlineData("CERTCTL_OTLP_ENDPOINT", "https://user:hunter2@collector:4318")]
    [InlineData("CERTCTL_OTLP_ENDPOINT", "grpc://user:hunter2@collector:4317")]
    [InlineData("CERTCTL_OTLP_ENDPOINT", "https://user:hunter2/x@collector:4318")]
    [InlineData("CERTCTL_CA_CRL_URLS", "http://pki.example.com/a.crl,http://user:hunter2@pki.example.com/b.crl")]
    [InlineData("CERTCTL_CA_OCSP_URL", "http://user:hunter2@pki.example.com/")]
    [InlineData("CERTCTL_CA_ISSUERS_URL", "http://user:hunter2@pki.example.com/")]
    [InlineData("CERTCTL_PUBLICATION_BASE_URL", "http://user:hunter2@pki.example.com/")]
    [InlineData("CERTCTL_CORS_ORIGINS", "https://user:hunter2@portal.example.com")]
    [InlineData("CERTCTL_OIDC_AUTHORITY", "https://user:hunter2@login.example.com")]
    [InlineData("CERTCTL_SCEP_COMPLIANCE_URL", "https://user:hunter2@compliance.example.com")]
    public void A_password_in_a_URL_is_refused_and_not_repeated(string name, string value)
    {
        var environment = (name.StartsWith("CERTCTL_OIDC", StringComparison.Ordinal) ? Settings.Complete().WithOidc() : Settings.Complete())
            .With(name, value);
        if (name.Contains("COMPLIANCE", StringComparison.Ordinal))
            environment.With("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN", "a-token-of-the-service");

        var reading = environment.Reading();

        Assert.StartsWith($"{name} holds a user name", Assert.Single(reading.Problems), StringComparison.Ordinal);
        Assert.DoesNotContain(reading.Warnings, warning => warning.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void A_value_reaches_the_options(string name, string value, string expected)
    {
        var environment = (name == "CERTCTL_SCEP_PROFILES" ? Settings.Structured() : Base(name)).With(name, value);
        if (name.StartsWith("CERTCTL_EST_", StringComparison.Ordinal))
        {
            environment.With("CERTCTL_EST_ENABLED", "true").With("CERTCTL_EST_PROFILE_CORP_ISSUER_ID", "iss-local")
                .With("CERTCTL_EST_PROFILES", "corp").With("CERTCTL_EST_PROFILE_CORP_ALLOW_ANONYMOUS", "true");
        }

        Assert.Equal(expected, Told(environment.Options(), name));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_value_that_cannot_be_read_is_a_problem_that_names_the_variable_and_what_it_should_be(
        string name, string? value, string shouldBe)
    {
        var problem = Base(name).With(name, value).Problem();

        Assert.StartsWith(name, problem, StringComparison.Ordinal);
        Assert.Contains(shouldBe, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_of_the_table_has_its_good_value_here_and_its_bad_one_where_there_can_be_one()
    {
        // Any text is a host name (the preflight resolves it), a passphrase, a claim or a path (the preflight reads it); the list of
        // profiles has tests of its own.
        string[] anything =
        [
            "CERTCTL_SERVER_HOST", "CERTCTL_KEY_PASSPHRASE", "CERTCTL_SCEP_PROFILES", "CERTCTL_OIDC_ROLE_CLAIM", "CERTCTL_OIDC_NAME_CLAIM",
            "CERTCTL_OIDC_CA_PATH", "CERTCTL_OIDC_CLIENT_ID", "CERTCTL_OIDC_CLIENT_SECRET", "CERTCTL_EST_PROFILES", "CERTCTL_OCSP_RESPONDER_KEY_DIR",
        ];
        // The settings of a next CA, and of retired ones, mean something together alone: NextCaReaderTests, RetiredCaSettingsTests.
        var names = KnownSettings.Global.Select(setting => setting.Name)
            .Where(name => !name.StartsWith("CERTCTL_CA_NEXT_", StringComparison.Ordinal)
                && !name.StartsWith("CERTCTL_CA_RETIRED_", StringComparison.Ordinal)).ToList();

        Assert.Equal(names.Order(), Good.Select(row => (string)row[0]).Distinct().Order());
        Assert.Equal(names.Except(anything).Order(), Bad.Select(row => (string)row[0]).Distinct().Order());
    }

    [Fact]
    public void What_is_not_set_has_the_documented_default()
    {
        var options = Settings.Complete().With("CERTCTL_SCEP_ENABLED", null).With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null)
            .With("CERTCTL_SCEP_RA_CERT_PATH", null).With("CERTCTL_SCEP_RA_KEY_PATH", null).WithOidc().Options();

        foreach (var setting in KnownSettings.Global.Where(
            setting => setting.DefaultText is not null && setting.Name is not ("CERTCTL_SCEP_ENABLED" or "CERTCTL_EST_ENABLED")))
        {
            var told = Told(options, setting.Name);
            var documented = setting.Name switch
            {
                "CERTCTL_LOG_LEVEL" => "Information",
                "CERTCTL_LOG_FORMAT" => "True",
                "CERTCTL_CA_VALIDITY_DAYS" => "90.00:00:00",
                "CERTCTL_OCSP_VALIDITY" => "60m",
                "CERTCTL_CRL_VALIDITY" => "1440m",
                "CERTCTL_METRICS_ENABLED" or "CERTCTL_PROXY_PROTOCOL" => "False",
                "CERTCTL_UI_ENABLED" => "True",
                "CERTCTL_RATE_LIMIT_PER_USER_RPS" => "50",
                "CERTCTL_RATE_LIMIT_PER_USER_BURST" => "100",
                _ => setting.DefaultText,
            };
            Assert.True(documented == told, $"{setting.Name}: {told}");
        }

        Assert.Empty(options.ScepProfiles);
        Assert.Empty(options.Ca.CrlUrls);
        Assert.Null(options.Ca.OcspUrl);
        Assert.Null(options.Ca.CaIssuersUrl);
        Assert.Null(options.Publication.BaseUrl);
        Assert.Null(options.Publication.Port);
        Assert.Null(options.Publication.ResponderKeyDir);
        Assert.Null(options.KeyPassphrase);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("TRUE", true)]
    [InlineData("True", true)]
    [InlineData("1", true)]
    [InlineData("yes", true)]
    [InlineData("YES", true)]
    [InlineData(" Yes ", true)]
    [InlineData("false", false)]
    [InlineData("FALSE", false)]
    [InlineData("0", false)]
    [InlineData("no", false)]
    [InlineData("No", false)]
    public void Booleans_have_six_words_in_any_case(string text, bool expected) =>
        Assert.Equal(
            expected,
            Settings.Complete().With("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", text).Options().ScepProfiles[0].RenewalMayChangeName);

    [Theory]
    [InlineData("on")]
    [InlineData("y")]
    [InlineData("t")]
    [InlineData("2")]
    [InlineData("tru")]
    public void Any_other_word_is_no_boolean(string text)
    {
        var problem = Settings.Complete().With("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", text).Problem();
        Assert.Equal($"CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE: \"{text}\" is not true or false.", problem);
    }

    [Fact]
    public void Everything_wrong_is_told_at_once_and_there_are_no_options()
    {
        Dictionary<string, string> environment = new()
        {
            ["CERTCTL_SERVER_PORT"] = "many",
            ["CERTCTL_LOG_LEVEL"] = "loud",
            ["CERTCTL_DATABASE_URL"] = "oracle:thin",
            ["CERTCTL_CA_OCSP_URL"] = "nowhere",
            ["CERTCTL_SCEP_ENABLED"] = "yes",
            ["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = "short",
            ["CERTCTL_SCEP_RETRY_WINDOW"] = "soon",
            ["CERTCTL_NONSENSE"] = "1",
        };

        var reading = environment.Reading();

        Assert.Null(reading.Options);
        string[] expected =
        [
            "CERTCTL_NONSENSE", "CERTCTL_SERVER_PORT", "CERTCTL_SERVER_TLS_CERT_PATH", "CERTCTL_SERVER_TLS_KEY_PATH",
            "CERTCTL_DATABASE_URL", "CERTCTL_LOG_LEVEL", "CERTCTL_CA_CERT_PATH",
            "CERTCTL_CA_KEY_PATH", "CERTCTL_CA_OCSP_URL", "CERTCTL_SCEP_CHALLENGE_PASSWORD", "CERTCTL_SCEP_RA_CERT_PATH",
            "CERTCTL_SCEP_RA_KEY_PATH", "CERTCTL_SCEP_RETRY_WINDOW",
        ];
        Assert.Equal(expected.Order(), reading.Problems.Select(problem => problem.Split(' ', ':')[0]).Order());
    }

    [Fact]
    public void The_mTLS_port_differs_from_the_main_one_and_needs_a_profile_that_uses_it()
    {
        var environment = Settings.Complete().With("CERTCTL_SERVER_PORT", "8443").With("CERTCTL_SERVER_MTLS_PORT", "8443")
            .With("CERTCTL_SCEP_MTLS_ENABLED", "true").With("CERTCTL_SCEP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/makers.pem");
        Assert.StartsWith("CERTCTL_SERVER_MTLS_PORT is the main port, 8443", environment.Problem(), StringComparison.Ordinal);

        Assert.Empty(environment.With("CERTCTL_SERVER_MTLS_PORT", "8444").Reading().Warnings);
        Assert.StartsWith(
            "CERTCTL_SERVER_MTLS_PORT has no effect",
            Assert.Single(Settings.Complete().With("CERTCTL_SERVER_MTLS_PORT", "8444").Reading().Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public void EST_makes_the_main_port_ask_for_certificates_only_where_it_needs_them_and_a_start_says_so()
    {
        var environment = Settings.Complete().With("CERTCTL_EST_ENABLED", "true").With("CERTCTL_EST_ALLOWED_AUTH_MODES", "approval");
        Assert.True(environment.Options().WantsClientCertificates);
        Assert.Empty(environment.Reading().Warnings);
        environment.With("CERTCTL_SERVER_HOST", "0.0.0.0");
        Assert.StartsWith("EST makes the main port ask every client", Asks(environment), StringComparison.Ordinal);
        Assert.Null(Asks(environment.With("CERTCTL_SERVER_MTLS_PORT", "8444")));
        environment.With("CERTCTL_EST_SIMPLEREENROLL_ENABLED", "false");
        Assert.False(environment.Options().WantsClientCertificates);
        Assert.Null(Asks(environment));

        static string? Asks(Dictionary<string, string> environment) => environment.Reading().Warnings
            .SingleOrDefault(warning => warning.Contains("ask every client", StringComparison.Ordinal));
    }

    [Fact]
    public void The_publication_port_is_one_of_its_own()
    {
        var environment = Settings.Complete().With("CERTCTL_SERVER_PORT", "8443").With("CERTCTL_PUBLICATION_PORT", "8443");
        Assert.StartsWith("CERTCTL_PUBLICATION_PORT is the main port, 8443", environment.Problem(), StringComparison.Ordinal);

        environment.With("CERTCTL_PUBLICATION_PORT", "8444").With("CERTCTL_SERVER_MTLS_PORT", "8444")
            .With("CERTCTL_SCEP_MTLS_ENABLED", "true").With("CERTCTL_SCEP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/makers.pem");
        Assert.StartsWith("CERTCTL_PUBLICATION_PORT is the port of /scep-mtls, 8444", environment.Problem(), StringComparison.Ordinal);

        Assert.Empty(environment.With("CERTCTL_PUBLICATION_PORT", "8080").Reading().Problems);
        Assert.Empty(environment.With("CERTCTL_PUBLICATION_PORT", "0").With("CERTCTL_SERVER_PORT", "0").Reading().Problems);
    }

    [Fact]
    public void What_is_not_ours_is_left_alone()
    {
        var environment = Settings.Complete().With("PATH", "/bin").With("CERTCTLX", "y").With("certctlx", "y")
            .With("CERTCTL_TEST_POSTGRES", "z");

        Assert.Empty(environment.Reading().Problems);
        Assert.Empty(environment.Reading().Warnings);
    }

    private static Dictionary<string, string> Base(string name) =>
        name.StartsWith("CERTCTL_OIDC_", StringComparison.Ordinal) ? Settings.Complete().WithOidc()
        : name is "CERTCTL_TRUSTED_PROXIES" or "CERTCTL_PROXY_CLIENT_CERT_HEADER" or "CERTCTL_PROXY_PROTOCOL"
            ? Settings.Complete().With("CERTCTL_TRUSTED_PROXIES", "10.20.0.0/16").With("CERTCTL_PROXY_CLIENT_CERT_HEADER", "X-SSL-Client-Cert")
        : name == "CERTCTL_EST_ENABLED" ? Settings.Complete().With("CERTCTL_EST_ALLOW_ANONYMOUS", "true")
        : name == "CERTCTL_SCEP_PROBE_ALLOW" ? Settings.Complete().With("CERTCTL_SCEP_PROBE_ENABLED", "true")
        : Settings.Complete();

    private static string? Told(CertctlOptions options, string name) => name switch
    {
        "CERTCTL_SERVER_HOST" => options.Server.Host,
        "CERTCTL_SERVER_PORT" => $"{options.Server.Port}",
        "CERTCTL_SERVER_MAX_IN_FLIGHT" => $"{options.Server.MaxInFlight}",
        "CERTCTL_SERVER_MTLS_PORT" => $"{options.Server.MtlsPort}",
        "CERTCTL_MAX_BODY_SIZE" => $"{options.Server.MaxBodySize}",
        "CERTCTL_SERVER_TLS_CERT_PATH" => options.Server.TlsCertPath,
        "CERTCTL_SERVER_TLS_KEY_PATH" => options.Server.TlsKeyPath,
        "CERTCTL_DATABASE_URL" => $"{options.Database.Provider}",
        "CERTCTL_DATABASE_MAX_CONNS" => $"{options.Database.MaxConnections}",
        "CERTCTL_DATABASE_DEADLINE" => $"{options.Database.Deadline.TotalSeconds:0}s",
        "CERTCTL_LOG_LEVEL" => $"{options.Log.Level}",
        "CERTCTL_LOG_FORMAT" => $"{options.Log.Json}",
        "CERTCTL_CA_CERT_PATH" => options.Ca.CertPath,
        "CERTCTL_CA_KEY_PATH" => options.Ca.KeyPath,
        "CERTCTL_CA_VALIDITY_DAYS" => options.Ca.Validity.ToString("c"),
        "CERTCTL_CA_CRL_URLS" => string.Join('|', options.Ca.CrlUrls),
        "CERTCTL_CA_OCSP_URL" => options.Ca.OcspUrl,
        "CERTCTL_CA_ISSUERS_URL" => options.Ca.CaIssuersUrl,
        "CERTCTL_PUBLICATION_BASE_URL" => options.Publication.BaseUrl,
        "CERTCTL_PUBLICATION_PORT" => $"{options.Publication.Port}",
        "CERTCTL_PUBLICATION_MAX_CONNECTIONS_PER_IP" =>
            options.Publication.ConnectionsPerAddress.ToString(CultureInfo.InvariantCulture),
        "CERTCTL_OCSP_RESPONDER_KEY_DIR" => options.Publication.ResponderKeyDir,
        "CERTCTL_OCSP_VALIDITY" => $"{options.Publication.OcspValidity.TotalMinutes:0}m",
        "CERTCTL_CRL_VALIDITY" => $"{options.Publication.CrlValidity.TotalMinutes:0}m",
        "CERTCTL_CRL_DELTA_VALIDITY" => $"{options.Publication.CrlDeltaValidity?.TotalMinutes:0}m",
        "CERTCTL_EST_SERVERKEYGEN_CONCURRENCY" => $"{options.EstKeyGenerations}",
        "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN" => $"{options.Publication.OcspRequestsPerMinute}",
        "CERTCTL_KEY_PASSPHRASE" => options.KeyPassphrase?.Reveal(),
        "CERTCTL_AUTH_TYPE" => options.Api.RequiresKey ? "api-key" : "none",
        "CERTCTL_API_KEYS_NAMED" => string.Join(',', options.Api.Keys.Select(key => $"{key.Name} {key.Role}")),
        "CERTCTL_RATE_LIMIT_ENABLED" => options.Api.RateLimits is null ? "false" : "true",
        "CERTCTL_RATE_LIMIT_RPS" => $"{options.Api.RateLimits!.PerSecond}",
        "CERTCTL_RATE_LIMIT_BURST" => $"{options.Api.RateLimits!.Burst}",
        "CERTCTL_RATE_LIMIT_PER_USER_RPS" => $"{options.Api.RateLimits!.PerSecondOfUser}",
        "CERTCTL_RATE_LIMIT_PER_USER_BURST" => $"{options.Api.RateLimits!.BurstOfUser}",
        "CERTCTL_SCEP_PROBE_ENABLED" or "CERTCTL_SCEP_PROBE_ALLOW" =>
            options.Api.Probes is { } networks ? string.Join('|', networks) : "false",
        "CERTCTL_TRUSTED_PROXIES" => string.Join('|', options.Proxies!.Networks),
        "CERTCTL_PROXY_CLIENT_CERT_HEADER" => options.Proxies!.CertificateHeader,
        "CERTCTL_PROXY_PROTOCOL" => $"{options.Proxies?.SpeakProxyProtocol ?? false}",
        "CERTCTL_OIDC_AUTHORITY" => options.Api.Oidc?.Authority.OriginalString,
        "CERTCTL_OIDC_AUDIENCE" => options.Api.Oidc?.Audience,
        "CERTCTL_OIDC_ROLE_MAP" => string.Join('|', options.Api.Oidc!.RoleMap.Select(role => $"{role.Key} {role.Value}")),
        "CERTCTL_OIDC_ROLE_CLAIM" => options.Api.Oidc!.RoleClaim,
        "CERTCTL_OIDC_NAME_CLAIM" => options.Api.Oidc!.NameClaim,
        "CERTCTL_OIDC_CA_PATH" => options.Api.Oidc!.CaPath,
        "CERTCTL_OIDC_CLIENT_ID" => options.Api.Oidc!.Client?.Id,
        "CERTCTL_OIDC_CLIENT_SECRET" => options.Api.Oidc!.Client?.Secret?.Reveal(),
        "CERTCTL_OIDC_SCOPES" => string.Join(',', options.Api.Oidc!.Client!.Scopes),
        "CERTCTL_CORS_ORIGINS" => string.Join('|', options.Api.CorsOrigins),
        "CERTCTL_METRICS_ENABLED" => $"{options.Telemetry.ServesMetrics}",
        "CERTCTL_UI_ENABLED" => $"{options.ServesPages}",
        "CERTCTL_METRICS_TOKEN" => options.Telemetry.Token?.Reveal(),
        "CERTCTL_OTLP_ENDPOINT" => $"{options.Telemetry.OtlpEndpoint}",
        "CERTCTL_SCEP_ENABLED" => $"{options.ScepProfiles.Count}",
        "CERTCTL_EST_ENABLED" => $"{options.EstProfiles.Count}",
        "CERTCTL_EST_PROFILES" => string.Join(',', options.EstProfiles.Select(profile => profile.PathId)),
        "CERTCTL_SCEP_PROFILES" => string.Join(',', options.ScepProfiles.Select(profile => profile.PathId)),
        _ => throw new ArgumentException(name),
    };
}
