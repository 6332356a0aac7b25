using Certctl.Application.Admin;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Access;

/// <summary>Keys of the REST API: what they may be, and that nothing odd ever opens it.</summary>
public sealed class ApiSettingsTests
{
    private const string Type = "CERTCTL_AUTH_TYPE";
    private const string Keys = "CERTCTL_API_KEYS_NAMED";
    private const string One = "0123456789abcdef0123456789abcdef";
    private const string Two = "fedcba9876543210fedcba9876543210";

    [Fact]
    public void Unless_set_a_key_is_asked_for_and_there_is_none()
    {
        var api = Settings.Complete().Options().Api;
        Assert.True(api.RequiresKey);
        Assert.Empty(api.Keys);
    }

    [Fact]
    [Trait("Conformance", "A-14")]
    public void A_name_has_a_role_and_two_keys_while_one_replaces_the_other()
    {
        var keys = Settings.Complete()
            .With(Keys, $"ci:{One}, ops:{Two}:operator,ci:{One[1..]}x,boss:{Two[1..]}x:admin,eye:{One[2..]}yy:auditor").Options().Api.Keys;
        Assert.Equal(
            [
                ("ci", ApiRole.Operator),
                ("ops", ApiRole.Operator),
                ("ci", ApiRole.Operator),
                ("boss", ApiRole.Admin),
                ("eye", ApiRole.Auditor),
            ],
            keys.Select(key => (key.Name, key.Role)));
        Assert.Equal(Two, keys[1].Key.Reveal());
    }

    [Theory]
    [InlineData(",", "entry 1 is not name:key")]
    [InlineData("ci", "entry 1 is not name:key or name:key:role")]
    [InlineData("ci:" + One + ":admin:x", "entry 1 is not name:key or name:key:role")]
    [InlineData("ci:", "entry 1 has a key of fewer than 16 characters")]
    [InlineData("a b:" + One, "entry 1 has a name that is not made of letters")]
    [InlineData(":" + One, "entry 1 has a name that is not made of letters")]
    [InlineData("ci:" + One + ",ci:" + Two + ":admin", "entry 2 gives ci another role than before")]
    [InlineData("ci:" + One + ",cd:" + One, "entry 2 repeats a key")]
    [InlineData("ci:" + One + ":root", "entry 1 has a role that is not one of admin, operator, auditor")]
    [InlineData("ci:0123456789 bcdef0", "entry 1 has a key with a character that is no visible ASCII")]
    public void What_is_no_key_stops_the_start_and_is_not_repeated(string value, string said)
    {
        var problem = Settings.Complete().With(Keys, value).Reading().Problems[0];
        Assert.StartsWith($"{Keys}: {said}", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(One, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_keys_it_is_open_on_loopback_alone_and_says_so()
    {
        var reading = Settings.Complete().With(Type, "none").Reading();
        Assert.False(reading.Options!.Api.RequiresKey);
        Assert.Contains("all on this machine are admins", Assert.Single(reading.Warnings), StringComparison.Ordinal);
        Assert.Contains(
            "all who reach it would be its admins",
            Settings.Complete().With(Type, "none").With("CERTCTL_SERVER_HOST", "0.0.0.0").Problem(),
            StringComparison.Ordinal);
        Assert.Contains(
            "the keys would count for nothing",
            Settings.Complete().With(Type, "none").With(Keys, $"ci:{One}").Problem(),
            StringComparison.Ordinal);
        Assert.Contains("one of api-key, none", Settings.Complete().With(Type, "jwt").Problem(), StringComparison.Ordinal);
    }
}
