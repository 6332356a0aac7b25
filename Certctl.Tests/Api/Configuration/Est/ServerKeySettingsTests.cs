using Xunit;

namespace Certctl.Tests.Api.Configuration.Est;

/// <summary>The settings of serverkeygen: off unless said, and secrets are never quoted.</summary>
public sealed class ServerKeySettingsTests
{
    private const string Corp = "CERTCTL_EST_PROFILE_CORP_";
    private const string Key = "00112233445566778899aabbccddeeff";

    [Fact]
    [Trait("Conformance", "E-K1")]
    public void It_is_off_by_default_and_shared_keys_are_read_by_identifier()
    {
        var off = Assert.Single(Structured().Options().EstProfiles);
        Assert.Equal((false, 0, false), (off.ServerKeyGen, off.SharedKeys.Count, off.HasRequestTemplate));

        var on = Structured().With(Corp + "SERVERKEYGEN_ENABLED", "true")
            .With(Corp + "SERVERKEYGEN_SHARED_KEYS", $"0A={Key},\nbb={Key}{Key}\n")
            .With("CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "7").Options();
        Assert.Equal(7, on.EstKeyGenerations);
        Assert.True(on.EstProfiles[0].ServerKeyGen);
        Assert.Equal(["0a", "bb"], on.EstProfiles[0].SharedKeys.Keys);
        Assert.Equal([16, 32], on.EstProfiles[0].SharedKeys.Values.Select(key => key.Length));
    }

    [Theory]
    [InlineData("true", "basic", $"aa={Key},bb", "entry 2 is not IDENTIFIER=KEY")]
    [InlineData("true", "basic", $"aa={Key}00", "entry 1 is not IDENTIFIER=KEY")]
    [InlineData("true", "basic", $"a={Key}", "entry 1 is not IDENTIFIER=KEY")]
    [InlineData("true", "basic", $"aa={Key},AA={Key}", "entry 2 has the identifier of another one")]
    [InlineData("false", "basic", $"aa={Key}", "SERVERKEYGEN_ENABLED is not true")]
    [InlineData("true", "basic,approval", "", "no key is made for one that waits")]
    [InlineData("true", "approval", "", "no key is made for one that waits")]
    public void What_cannot_be_kept_is_a_problem_that_quotes_no_key(string enabled, string modes, string keys, string said)
    {
        var settings = Structured().With(Corp + "SERVERKEYGEN_ENABLED", enabled).With(Corp + "ALLOWED_AUTH_MODES", modes);
        if (keys.Length > 0)
            settings = settings.With(Corp + "SERVERKEYGEN_SHARED_KEYS", keys);
        var problems = settings.Reading().Problems;

        Assert.Contains(problems, problem => problem.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains(Key, StringComparison.OrdinalIgnoreCase));
    }

    private static Dictionary<string, string> Structured() => Settings.Complete()
        .With("CERTCTL_EST_ENABLED", "true").With("CERTCTL_EST_PROFILES", "corp").With(Corp + "ISSUER_ID", "iss-local")
        .With(Corp + "ALLOWED_AUTH_MODES", "basic").With(Corp + "ENROLLMENT_PASSWORD", "a password of the tests");
}
