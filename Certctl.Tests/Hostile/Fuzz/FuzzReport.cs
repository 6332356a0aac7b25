using System.Globalization;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>What a run did, and the first input that broke a promise.</summary>
internal sealed class FuzzReport
{
    public long Executions { get; set; }

    public TimeSpan Time { get; set; }

    public int Seeds { get; set; }

    public int Corpus { get; set; }

    public int Edges { get; set; }

    public TimeSpan Slowest { get; set; }

    public long LargestAllocation { get; set; }

    /// <summary>Null when every promise was kept.</summary>
    public string? Broken { get; set; }

    public byte[] BrokenBy { get; set; } = [];

    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{Executions} executions in {Time.TotalSeconds:F0} s ({Executions / Math.Max(Time.TotalSeconds, 0.001):F0}/s), {Edges} edges, "
            + $"corpus {Corpus} from {Seeds} seeds, slowest {Slowest.TotalMilliseconds:F1} ms, "
            + $"most allocated {LargestAllocation / 1024.0:F0} KiB");
}
