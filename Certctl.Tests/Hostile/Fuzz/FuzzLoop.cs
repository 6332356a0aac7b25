using System.Diagnostics;
using Certctl.Tests.Hostile.Fuzz.Targets;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>Coverage-guided: what reaches new code is kept, and the next inputs are made from it.</summary>
internal sealed class FuzzLoop(FuzzTarget target, int seed, LastInput last)
{
    /// <summary>An input may take so long. A million of the fastest ones take a second.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(500);

    private readonly Random _random = new(seed);
    private readonly List<byte[]> _corpus = [];
    private readonly CoverageMap.Seen _seen = new();
    private readonly FuzzReport _report = new();

    public FuzzReport Run(long executions, TimeSpan time)
    {
        var mutator = new Mutator(_random, target.Words);
        foreach (var input in target.Seeds())
        {
            _report.Seeds++;
            _corpus.Add(input);
            Execute(input);
        }

        // Making the keys of the seeds takes a while.
        var start = Stopwatch.GetTimestamp();
        while (_report is { Broken: null } && _report.Executions < executions && Stopwatch.GetElapsedTime(start) < time)
        {
            var input = mutator.Mutate(Pick(), Pick());
            if (Execute(input))
                _corpus.Add(input);
        }

        (_report.Time, _report.Corpus, _report.Edges) = (Stopwatch.GetElapsedTime(start), _corpus.Count, _seen.Edges);
        return _report;
    }

    /// <summary>One input and no other: what another run left behind.</summary>
    public FuzzReport RunOne(byte[] input)
    {
        Execute(input);
        _report.Edges = _seen.Edges;
        return _report;
    }

    // Half of the time one of the newest: they are the least explored. Of two the shorter one: long ones make the run slow.
    private byte[] Pick()
    {
        var (one, other) = (
            _corpus[_random.Next(_corpus.Count)],
            _corpus[_random.Next(2) == 0 ? _random.Next(_corpus.Count) : Math.Max(0, _corpus.Count - 1 - _random.Next(16))]);
        return one.Length < other.Length ? one : other;
    }

    private bool Execute(byte[] input)
    {
        last.Write(input);
        _report.Executions++;
        var (isNew, time, allocated) = Measure(input);

        // The collector, the compiler and other processes take their time too, but not three times at the same input.
        for (var again = 0; again < 2 && (time > _report.Slowest || allocated > target.AllocationLimit(input.Length)); again++)
        {
            var (_, timeAgain, allocatedAgain) = Measure(input);
            (time, allocated) = (TimeSpan.FromTicks(Math.Min(time.Ticks, timeAgain.Ticks)), Math.Min(allocated, allocatedAgain));
        }

        if (time > TimeLimit)
            Break(input, $"takes {time.TotalMilliseconds:F0} ms");
        if (allocated > target.AllocationLimit(input.Length))
            Break(input, $"allocates {allocated} octets for {input.Length} of input; the limit is {target.AllocationLimit(input.Length)}");
        if (time > _report.Slowest)
            _report.Slowest = time;
        _report.LargestAllocation = Math.Max(_report.LargestAllocation, allocated);
        return isNew;
    }

    private (bool IsNew, TimeSpan Time, long Allocated) Measure(byte[] input)
    {
        CoverageMap.Reset();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        try
        {
            target.Execute(input);
        }
        catch (Exception thrown)
        {
            // Whatever it is: a decoder that throws at what a stranger sent has broken its promise.
            Break(input, $"throws {thrown}");
        }

        var time = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return (CoverageMap.CollectInto(_seen), time, allocated);
    }

    private void Break(byte[] input, string how) => (_report.Broken, _report.BrokenBy) = (_report.Broken ?? how, input);
}
