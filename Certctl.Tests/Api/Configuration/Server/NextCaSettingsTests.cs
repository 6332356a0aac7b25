using Certctl.Api.Configuration.Scep;
using Certctl.Api.Configuration.Server;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Server;

/// <summary>A next CA is staged whole or not at all.</summary>
public sealed class NextCaSettingsTests
{
    private const string Cert = "CERTCTL_CA_NEXT_CERT_PATH";
    private const string Key = "CERTCTL_CA_NEXT_KEY_PATH";
    private const string RaCert = "CERTCTL_SCEP_NEXT_RA_CERT_PATH";
    private const string RaKey = "CERTCTL_SCEP_NEXT_RA_KEY_PATH";

    [Fact]
    public void Without_the_settings_there_is_none()
    {
        var options = Settings.Complete().Options();
        Assert.Null(options.Ca.Next);
        Assert.Empty(options.ScepProfiles[0].NextRaPairs);
    }

    [Fact]
    public void With_them_the_CA_and_the_RA_of_each_profile_are_known()
    {
        var options = Staged().Options();
        Assert.Equal(new NextCaPaths("/keys/next.crt", "/keys/next.key"), options.Ca.Next);
        Assert.Equal([new RaPairPaths("/keys/next-ra.crt", "/keys/next-ra.key")], options.ScepProfiles[0].NextRaPairs);
    }

    [Theory]
    [InlineData(Cert)]
    [InlineData(Key)]
    [InlineData(RaCert)]
    [InlineData(RaKey)]
    public void What_is_missing_is_named(string name) =>
        Assert.StartsWith($"{name} is not set", Staged().With(name, null).Problem(), StringComparison.Ordinal);

    [Fact]
    public void An_RA_below_no_CA_is_a_problem()
    {
        var problems = Staged().With(Cert, null).With(Key, null).Reading().Problems;
        Assert.Equal(2, problems.Count);
        Assert.All(problems, problem => Assert.Contains("no next CA is staged", problem, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Staged() => Settings.Complete()
        .With(Cert, "/keys/next.crt").With(Key, "/keys/next.key").With(RaCert, "/keys/next-ra.crt").With(RaKey, "/keys/next-ra.key");
}
