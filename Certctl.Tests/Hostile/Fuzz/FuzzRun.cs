using Certctl.Tests.Architecture;
using Certctl.Tests.Hostile.Fuzz.Targets;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>One decoder for so long, watched. Runs in the instrumented copy, see <see cref="InstrumentedProduct"/>.</summary>
public static class FuzzRun
{
    /// <summary>Longer than anything takes that is not caught in a loop.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Ends after so many executions or so many seconds, whichever comes first.</summary>
    /// <param name="input">The file of one input, which alone is executed; else empty.</param>
    /// <returns>The figures.</returns>
    /// <exception cref="InvalidOperationException">A promise is broken; says which, and in which file the input is.</exception>
    public static string Run(string decoder, long executions, int seconds, int seed, string input)
    {
        CoverageMap.Connect();
        var target = FuzzTargets.All.Single(candidate => candidate.Name == decoder);

        // Of this process: two that run the same decoder would pull the file from under each other.
        var last = new LastInput(PathFor($"{decoder}-{Environment.ProcessId}.running"));
        var run = Task.Factory.StartNew(
            () => input.Length > 0
                ? new FuzzLoop(target, seed, last).RunOne(File.ReadAllBytes(input))
                : new FuzzLoop(target, seed, last).Run(executions, TimeSpan.FromSeconds(seconds)),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        for (var before = -1L; Task.WaitAny([run], Patience) < 0; before = last.Writes)
        {
            if (last.Writes == before)
                throw Broken(decoder, "runs on and on", last.Read(), seed);
        }

        var report = run.GetAwaiter().GetResult();
        last.Dispose();
        if (report.Broken is { } broken)
            throw Broken(decoder, broken, report.BrokenBy, seed);

        // Without counters every run is green.
        return report.Edges > 0 && report.Corpus >= report.Seeds
            ? report.Summary
            : throw new InvalidOperationException($"Decoder {decoder}: the run was blind, no branch was counted.");
    }

    private static InvalidOperationException Broken(string decoder, string how, byte[] input, int seed)
    {
        var path = PathFor($"{decoder}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16]}.bin");
        File.WriteAllBytes(path, input);
        return new InvalidOperationException($"Decoder {decoder}, seed {seed}: the input in {path} {how}");
    }

    private static string PathFor(string name) => SourceTree.PathOf(Path.Combine("artifacts", "fuzz", name));
}
