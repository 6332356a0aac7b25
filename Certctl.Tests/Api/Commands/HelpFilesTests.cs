using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Commands;

/// <summary>The manual page and the completions say what the command line says.</summary>
public sealed class HelpFilesTests
{
    [Fact]
    public async Task They_have_each_verb_and_option_and_bash_completes_by_them()
    {
        using var folder = new TemporaryFolder();
        (await CommandLine.RunHereAsync(new Dictionary<string, string>(), "help-files", folder.Path)).MustSucceed();
        var page = await File.ReadAllTextAsync(folder["certctl.1"]);
        foreach (var verb in new[] { "quickstart", "serve", "migrate", "profiles put FILE", "import micromdm DIR", "est enroll", "scep probe" })
            Assert.Contains($".B certctl {verb}", page, StringComparison.Ordinal);
        Assert.Contains(".B \\-\\-dry\\-run", page, StringComparison.Ordinal);
        Assert.DoesNotContain("help\\-files", page, StringComparison.Ordinal);

        foreach (var (typed, expected) in new[]
        {
            ("certctl qui", "quickstart"), ("certctl import m", "micromdm"), ("certctl import micromdm --dry", "--dry-run"),
            ("certctl profiles ", "list show put --config --help"), ("certctl nothing ", ""),
            ("certctl import certificates f --ca", "--ca"), ("certctl revoke release --ser", "--serial"), ("certctl served ", ""),
        })
        {
            var words = typed.Split(' ');
            var script = $"source '{folder["certctl.bash"]}'; COMP_WORDS=({string.Join(' ', words.Select(word => $"'{word}'"))}); "
                + $"COMP_CWORD={words.Length - 1}; _certctl; echo \"${{COMPREPLY[*]}}\"";
            Assert.Equal((typed, expected), (typed, ExternalTool.Run("bash", "-c", script).MustSucceed().Output.Trim()));
        }
    }
}
