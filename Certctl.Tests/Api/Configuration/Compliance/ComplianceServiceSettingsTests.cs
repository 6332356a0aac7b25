using Certctl.Api.Configuration.Compliance;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Compliance;

/// <summary>A compliance service is named whole: over https, with one way to authenticate.</summary>
public sealed class ComplianceServiceSettingsTests
{
    private const string Prefix = "CERTCTL_SCEP_PROFILE_CORP_COMPLIANCE_";
    private const string Url = Prefix + "URL";
    private const string Token = Prefix + "BEARER_TOKEN";
    private const string Cert = Prefix + "CLIENT_CERT_PATH";
    private const string Key = Prefix + "CLIENT_KEY_PATH";

    [Fact]
    public void Without_the_settings_no_service_is_asked() => Assert.Null(Settings.Structured().Options().ScepProfiles[0].Compliance);

    [Fact]
    public void With_a_URL_and_a_token_the_rest_has_defaults()
    {
        var options = Read(WithToken());
        Assert.Equal(new Uri("https://mdm.example/compliance?tenant=1"), options.Url);
        Assert.Equal("a-token-of-some-length", options.BearerToken!.Reveal());
        Assert.Equal(
            (null, null, TimeSpan.FromSeconds(2), ComplianceOnError.Deny),
            (options.ClientCertificate, options.CaPath, options.Timeout, options.OnError));
        Assert.DoesNotContain("a-token", options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_can_be_set()
    {
        var options = Read(WithToken().With(Token, null).With(Cert, "/keys/c.crt").With(Key, "/keys/c.key")
            .With(Prefix + "CA_PATH", "/keys/mdm.crt").With(Prefix + "TIMEOUT", "30s").With(Prefix + "ON_ERROR", "allow"));
        Assert.Equal(
            (null, new ClientPairPaths("/keys/c.crt", "/keys/c.key"), "/keys/mdm.crt"),
            (options.BearerToken, options.ClientCertificate, options.CaPath));
        Assert.Equal((TimeSpan.FromSeconds(30), ComplianceOnError.Allow), (options.Timeout, options.OnError));
    }

    [Fact]
    public void The_flat_form_has_it_too()
    {
        var options = Settings.Complete().With("CERTCTL_SCEP_COMPLIANCE_URL", "https://mdm.example")
            .With("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN", "a-token-of-some-length").Options();
        Assert.Equal("https://mdm.example/", options.ScepProfiles[0].Compliance!.Url.ToString());
    }

    [Fact]
    public void Of_one_path_SCEP_and_EST_each_have_their_own()
    {
        var options = WithToken()
            .With("CERTCTL_EST_ENABLED", "true").With("CERTCTL_EST_PROFILES", "corp")
            .With("CERTCTL_EST_PROFILE_CORP_ISSUER_ID", "iss-local").With("CERTCTL_EST_PROFILE_CORP_ALLOWED_AUTH_MODES", "approval")
            .With("CERTCTL_EST_PROFILE_CORP_COMPLIANCE_URL", "https://mdm.example/est")
            .With("CERTCTL_EST_PROFILE_CORP_COMPLIANCE_BEARER_TOKEN", "another-token-of-some-length").Options();
        Assert.Equal(
            [
                ("SCEP", "corp", "https://mdm.example/compliance?tenant=1"), ("EST", "corp", "https://mdm.example/est"),
            ],
            ComplianceEndpoint.Of(options).Select(
                endpoint => (endpoint.Naming.Protocol, endpoint.PathId, endpoint.Service.Url.OriginalString)));
    }

    [Fact]
    public void The_token_can_stand_in_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["token"], "from-the-file-of-secrets\n");
        Assert.Equal(
            "from-the-file-of-secrets", Read(WithToken().With(Token, null).With(Token + "_FILE", folder["token"])).BearerToken!.Reveal());
    }

    [Theory]
    [InlineData("http://mdm.example/")]
    [InlineData("mdm.example")]
    [InlineData("/compliance")]
    [InlineData("https://")]
    [InlineData("ftp://mdm.example/")]
    [InlineData("https://user:hunter2@mdm.example/")]
    [InlineData("https://hunter2@mdm.example/")]
    [InlineData("https://mdm.example/#part")]
    public void A_URL_that_is_not_plain_https_is_a_problem_that_does_not_repeat_it(string url)
    {
        var problem = WithToken().With(Url, url).Problem();
        Assert.StartsWith(Url + " ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_for_the_service_are_required()
    {
        var problem = WithToken().With(Token, null).Problem();
        Assert.StartsWith($"{Token} or {Cert} with its key is needed", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ways_to_authenticate_are_one_too_many() =>
        Assert.Contains(
            "are both set; set one", WithToken().With(Cert, "/keys/c.crt").With(Key, "/keys/c.key").Problem(), StringComparison.Ordinal);

    [Theory]
    [InlineData(Cert, Key)]
    [InlineData(Key, Cert)]
    public void A_client_certificate_needs_its_key_and_the_other_way_round(string set, string missing) =>
        Assert.StartsWith($"{missing} is not set", WithToken().With(Token, null).With(set, "/keys/c").Problem(), StringComparison.Ordinal);

    [Theory]
    [InlineData("BEARER_TOKEN")]
    [InlineData("BEARER_TOKEN_FILE")]
    [InlineData("CLIENT_CERT_PATH")]
    [InlineData("CLIENT_KEY_PATH")]
    [InlineData("CA_PATH")]
    [InlineData("TIMEOUT")]
    [InlineData("ON_ERROR")]
    public void Settings_without_a_URL_are_a_problem_each(string name) =>
        Assert.Contains($"is set, but {Url} is not", Settings.Structured().With(Prefix + name, "x").Problem(), StringComparison.Ordinal);

    [Theory]
    [InlineData("0s")]
    [InlineData("31s")]
    [InlineData("1m")]
    [InlineData("-1s")]
    [InlineData("2")]
    [InlineData("soon")]
    public void The_time_has_bounds(string text) =>
        Assert.Equal(
            $"{Prefix}TIMEOUT: \"{text}\" is not a duration from 1s to 30s. (SCEP profile \"corp\")",
            WithToken().With(Prefix + "TIMEOUT", text).Problem());

    [Fact]
    public void On_error_there_are_two_words() =>
        Assert.StartsWith(
            $"{Prefix}ON_ERROR: \"ignore\" is not one of deny, allow",
            WithToken().With(Prefix + "ON_ERROR", "ignore").Problem(),
            StringComparison.Ordinal);

    [Fact]
    public void To_allow_is_warned_about()
    {
        Assert.Contains(
            WithToken().With(Prefix + "ON_ERROR", "ALLOW").Reading().Warnings,
            warning => warning.StartsWith($"{Prefix}ON_ERROR is allow", StringComparison.Ordinal));
        Assert.Empty(WithToken().With(Prefix + "ON_ERROR", "deny").Reading().Warnings);
    }

    [Theory]
    [InlineData("a token\r\nX-Admin: yes")]
    [InlineData("tökens")]
    [InlineData("a b")]
    public void A_token_that_would_not_stay_in_its_header_is_a_problem_that_does_not_repeat_it(string token)
    {
        var problem = WithToken().With(Token, token).Problem();
        Assert.StartsWith(Token, problem, StringComparison.Ordinal);
        Assert.DoesNotContain(token, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_token_is_warned_about() =>
        Assert.Contains(
            WithToken().With(Token, "short").Reading().Warnings,
            warning => warning.StartsWith($"{Token}: has fewer than 16 characters", StringComparison.Ordinal));

    private static Dictionary<string, string> WithToken() =>
        Settings.Structured().With(Url, "https://mdm.example/compliance?tenant=1").With(Token, "a-token-of-some-length");

    private static ComplianceOptions Read(Dictionary<string, string> environment) => environment.Options().ScepProfiles[0].Compliance!;
}
