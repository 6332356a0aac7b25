using Certctl.Api.Configuration.Scep;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Scep;

/// <summary>INTUNE_… and CHALLENGE_MODE: what holds unless set, what cannot be, and what contradicts itself.</summary>
public sealed class SignedChallengeSettingsTests
{
    private const string Prefix = "CERTCTL_SCEP_PROFILE_CORP_";

    public static TheoryData<string, string, string> Bad => new()
    {
        { "INTUNE_ENABLED", "on", "true or false" },
        { "INTUNE_CONNECTOR_CERT_PATH", "", "is not set: the certificates of the connectors" },
        { "INTUNE_CHALLENGE_VALIDITY", "0", "a duration" },
        { "INTUNE_CHALLENGE_VALIDITY", "0s", "a duration from 1m to 24h" },
        { "INTUNE_CHALLENGE_VALIDITY", "-60m", "a duration" },
        { "INTUNE_CHALLENGE_VALIDITY", "25h", "a duration" },
        { "INTUNE_CLOCK_SKEW_TOLERANCE", "-1s", "a duration" },
        { "INTUNE_CLOCK_SKEW_TOLERANCE", "60m", "is not below CERTCTL_SCEP_PROFILE_CORP_INTUNE_CHALLENGE_VALIDITY (60m)" },
        { "INTUNE_PER_DEVICE_RATE_LIMIT_24H", "-1", "a whole number from 0 to 1000" },
        { "INTUNE_PER_DEVICE_RATE_LIMIT_24H", "many", "a whole number" },
        { "CHALLENGE_MODE", "dynamic", "one of mixed, intune-only, static-only" },
        { "CHALLENGE_MODE", "static-only", "is static-only, and CERTCTL_SCEP_PROFILE_CORP_INTUNE_ENABLED is true; change one of them" },
    };

    [Fact]
    public void Unless_set_signed_challenges_are_not_taken()
    {
        var profile = Assert.Single(Settings.Structured().Options().ScepProfiles);
        Assert.Equal((ChallengeMode.StaticOnly, null), (profile.ChallengeMode, profile.Intune));
        Assert.Equal(
            ChallengeMode.StaticOnly,
            Assert.Single(Settings.Structured().With(Prefix + "CHALLENGE_MODE", "static-only").Options().ScepProfiles).ChallengeMode);
    }

    [Fact]
    public void Switched_on_the_rest_has_the_documented_defaults()
    {
        var profile = Assert.Single(Enabled().Options().ScepProfiles);
        Assert.Equal(new IntuneOptions("/connectors.pem", null, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), 3), profile.Intune);
        Assert.Equal(ChallengeMode.Mixed, profile.ChallengeMode);
    }

    [Fact]
    public void Every_value_reaches_the_profile_in_the_flat_form_too()
    {
        var profile = Assert.Single(Settings.Complete()
            .With("CERTCTL_SCEP_INTUNE_ENABLED", "true").With("CERTCTL_SCEP_INTUNE_CONNECTOR_CERT_PATH", "/c.pem")
            .With("CERTCTL_SCEP_INTUNE_AUDIENCE", "https://here")
            .With("CERTCTL_SCEP_INTUNE_CHALLENGE_VALIDITY", "1m").With("CERTCTL_SCEP_INTUNE_CLOCK_SKEW_TOLERANCE", "0s")
            .With("CERTCTL_SCEP_INTUNE_PER_DEVICE_RATE_LIMIT_24H", "0")
            .With("CERTCTL_SCEP_CHALLENGE_MODE", "Mixed").Options().ScepProfiles);
        Assert.Equal(new IntuneOptions("/c.pem", "https://here", TimeSpan.FromMinutes(1), TimeSpan.Zero, 0), profile.Intune);
        Assert.Equal(ChallengeMode.Mixed, profile.ChallengeMode);
    }

    [Fact]
    public void Where_signed_challenges_alone_count_no_secret_need_be_set()
    {
        var profile = Assert.Single(
            Enabled().With(Prefix + "CHALLENGE_MODE", "intune-only").With(Prefix + "CHALLENGE_PASSWORD", null).Options().ScepProfiles);
        Assert.Equal((ChallengeMode.IntuneOnly, null), (profile.ChallengeMode, profile.Challenge));
    }

    [Theory]
    [InlineData("CHALLENGE_PASSWORD")]
    [InlineData("CHALLENGE_PASSWORD_PREVIOUS")]
    public void A_shared_secret_that_would_be_judged_as_a_signed_challenge_is_warned_about(string name)
    {
        var shaped = $"{new string('a', 100)}.{new string('b', 100)}.c";
        const string Warning = "is longer than 200 characters and has exactly two dots";
        Assert.Single(
            Enabled().With(Prefix + name, shaped).Reading().Warnings,
            warning => warning.StartsWith($"{Prefix}{name}: {Warning}", StringComparison.Ordinal));
        foreach (var reachable in new[] { Enabled().With(Prefix + name, shaped + ".d"), Settings.Structured().With(Prefix + name, shaped) })
            Assert.DoesNotContain(reachable.Reading().Warnings, warning => warning.Contains(Warning, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_cannot_be_is_a_problem_that_names_the_variable(string suffix, string value, string said)
    {
        var problem = Enabled().With(Prefix + suffix, value).Reading().Problems[0];
        Assert.StartsWith(Prefix + suffix, problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INTUNE_CONNECTOR_CERT_PATH", "/connectors.pem")]
    [InlineData("INTUNE_AUDIENCE", "https://here")]
    [InlineData("INTUNE_PER_DEVICE_RATE_LIMIT_24H", "5")]
    public void A_setting_for_signed_challenges_that_are_not_taken_stops_the_start(string suffix, string value)
    {
        var problem = Settings.Structured().With(Prefix + suffix, value).Problem();
        Assert.StartsWith($"{Prefix}{suffix} is set, and {Prefix}INTUNE_ENABLED is not true", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mixed")]
    [InlineData("intune-only")]
    public void A_mode_that_wants_connectors_where_there_are_none_stops_the_start(string mode) =>
        Assert.StartsWith(
            $"{Prefix}CHALLENGE_MODE is {mode}",
            Settings.Structured().With(Prefix + "CHALLENGE_MODE", mode).Problem(),
            StringComparison.Ordinal);

    private static Dictionary<string, string> Enabled() =>
        Settings.Structured().With(Prefix + "INTUNE_ENABLED", "true").With(Prefix + "INTUNE_CONNECTOR_CERT_PATH", "/connectors.pem");
}
