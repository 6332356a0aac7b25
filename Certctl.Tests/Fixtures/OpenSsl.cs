using System.Diagnostics;
using Xunit;

namespace Certctl.Tests.Fixtures;

/// <summary>The openssl program: reads what Certctl writes, and makes files that Certctl did not write.</summary>
public static class OpenSsl
{
    /// <summary>Runs it; what it said on both streams. Fails when it exits with anything but 0.</summary>
    public static string Run(params string[] arguments)
    {
        var (code, output) = TryRun(arguments);
        Assert.True(code == 0, $"openssl {string.Join(' ', arguments)} exited with {code}: {output}");
        return output;
    }

    public static (int Code, string Output) TryRun(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }
}
