using System.Diagnostics;

namespace Certctl.Tests.Fixtures;

/// <summary>Runs an external program to its end, with a time limit.</summary>
internal static class ExternalTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// True when every tool is there. Where one is not, says so on the console;
    /// under <c>CI=true</c> that is a failure, since the gate has installed them.
    /// </summary>
    public static bool AllPresent(params string[] paths)
    {
        var missing = paths.Where(path => !File.Exists(path)).ToList();
        if (missing.Count == 0)
            return true;
        var reason = $"{string.Join(", ", missing)} is not on this machine (./test.sh installs it)";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException(reason);
        Console.WriteLine($"Left out: {reason}");
        return false;
    }

    public static ToolRun Run(string tool, params IEnumerable<string> arguments) => RunIn(SourceFolder, tool, arguments);

    public static ToolRun RunIn(string folder, string tool, params IEnumerable<string> arguments)
    {
        using var process = Start(folder, tool, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{tool} did not end within {Patience.TotalSeconds:0} s.");
        }

        return new ToolRun(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Starts it with all three streams redirected; the caller ends it.</summary>
    public static Process Start(string folder, string tool, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static string SourceFolder => Architecture.SourceTree.Root;
}

/// <summary>What a program left behind.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, for the message of a failed assertion.</summary>
    public string All => $"exit code {ExitCode}\n{Output}\n{Error}";

    public ToolRun MustSucceed()
    {
        Xunit.Assert.True(ExitCode == 0, All);
        return this;
    }
}
