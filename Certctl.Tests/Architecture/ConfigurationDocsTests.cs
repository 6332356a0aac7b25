using System.Text.RegularExpressions;
using Certctl.Api.Configuration;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// docs/configuration.md is what operators configure by: its tables are the table that the parser goes by, and its examples parse.
/// </summary>
public sealed partial class ConfigurationDocsTests
{
    private static readonly string[] Head = ["| variable | default | allowed | meaning |", "|---|---|---|---|"];

    [Fact]
    public void The_documented_settings_are_those_that_the_parser_knows()
    {
        DocTable.MustSay("docs/configuration.md", "server", [.. Head, .. KnownSettings.Global.Select(Row)]);
        DocTable.MustSay("docs/configuration.md", "scep-profile", [.. Head, .. KnownSettings.ScepProfile.Select(Row)]);
        DocTable.MustSay("docs/configuration.md", "est-profile", [.. Head, .. KnownSettings.EstProfile.Select(Row)]);
    }

    [Fact]
    public void The_example_file_is_read_without_a_problem()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ExampleJson().Match(SourceTree.Read("docs/configuration.md")).Groups[1].Value);
            var environment = new Dictionary<string, string>
            {
                ["CERTCTL_DATABASE_URL"] = "postgres://certctl:secret@db/certctl",
                ["CERTCTL_SCEP_PROFILE_CORP_CHALLENGE_PASSWORD"] = "a challenge for the test of the docs",
                ["CERTCTL_SCEP_PROFILE_IOT_CHALLENGE_PASSWORD"] = "another challenge for the test",
            };
            var reading = ConfigurationReader.Read(environment, file);

            Assert.Empty(reading.Problems);
            Assert.Equal(["corp", "iot"], reading.Options!.ScepProfiles.Select(profile => profile.PathId));
            Assert.Equal("iot-devices", reading.Options.ScepProfiles[1].CertificateProfileId);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The row of a setting, from its declaration.</summary>
    internal static string Row(Setting setting) => DocTable.Row(
        setting.IsSecret ? $"`{setting.Name}`, `{setting.Name}_FILE`" : $"`{setting.Name}`",
        setting.DefaultText is null ? "" : $"`{setting.DefaultText}`",
        setting.Allowed,
        setting.Description);

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ExampleJson();
}
