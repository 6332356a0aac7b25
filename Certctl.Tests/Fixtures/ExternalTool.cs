using System.Diagnostics;

namespace Certctl.Tests.Fixtures;

/// <summary>A program of somebody else's that a test runs to its end, with a limit on its time.</summary>
internal static class ExternalTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// True when every tool is there. Where one is not, says so on the console; under <c>CI=true</c> that is a failure, since the gate has installed them.
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

    public static ToolRun RunIn(string folder, string tool, params IEnumerable<string> arguments) => ToItsEnd(tool, Start(folder, tool, arguments));

    /// <summary>With these variables of ours and no others of ours.</summary>
    public static ToolRun RunWith(IReadOnlyDictionary<string, string> environment, string tool, IEnumerable<string> arguments)
    {
        var start = Redirected(Path.GetTempPath(), tool, arguments);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CERTCTL_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return ToItsEnd(tool, Process.Start(start)!);
    }

    private static ToolRun ToItsEnd(string tool, Process started)
    {
        using var process = started;
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
    public static Process Start(string folder, string tool, IEnumerable<string> arguments) => Process.Start(Redirected(folder, tool, arguments))!;

    private static ProcessStartInfo Redirected(string folder, string tool, IEnumerable<string> arguments) => new(tool, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

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
