using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Commands;

/// <summary>What quickstart leaves for scripts.</summary>
public sealed class QuickstartCommandTests
{
    [Fact]
    public async Task Its_file_can_be_sourced_by_a_shell_and_holds_five_variables()
    {
        await using var host = await CertctlHost.StartAsync(null);
        var file = Path.Combine(host.Data, "quickstart.env");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var run = ExternalTool.RunIn(host.Folder, "/bin/sh", "-c", $". '{file}' && printf '%s|%s|%s' \"$CERTCTL_SCEP_URL\" \"$CERTCTL_CA_FILE\" \"$CERTCTL_CHALLENGE\"");
        run.MustSucceed();
        Assert.Equal($"{host.Url}scep|{host.CaFile}|{host.Challenge}", run.Output);
        Assert.Equal(
            ["CERTCTL_API_KEY", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_SCEP_URL", "CERTCTL_URL"],
            File.ReadLines(file).Where(line => line.Length > 0).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal));
    }
}
