using Certctl.Api.Configuration.Scep;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>docs/clients.md says what each preset does, and why.</summary>
public sealed class ClientDocsTests
{
    [Fact]
    public void The_documented_presets_are_those_of_the_code() => DocTable.MustSay(
        "docs/clients.md",
        "presets",
        ["| `CLIENT_PRESET` | `GETCACERT` | `REPLY_CHAIN` | `EXTRA_CAPABILITIES` |", "|---|---|---|---|", .. ClientPreset.All.Select(Row)]);

    [Fact]
    public void Each_preset_has_its_evidence()
    {
        var sections = SourceTree.Read("docs/clients.md").Split("\n### ").Skip(1)
            .ToDictionary(section => section.Split('\n')[0], section => section.Split('\n', 2)[1].Trim());

        Assert.Equal(ClientPreset.All.Select(preset => preset.Name), sections.Keys);
        Assert.All(sections.Values, evidence => Assert.True(evidence.Length > 60, evidence));
    }

    private static string Row(ClientPreset preset) => DocTable.Row(
        $"`{preset.Name}`",
        $"`{ScepProfileSettings.CaCertificates.Type.Format(preset.CaCertificates)}`",
        $"`{ScepProfileSettings.Reply.Type.Format(preset.Reply)}`",
        string.Join(", ", preset.Capabilities.Select(capability => $"`{capability}`")));
}
