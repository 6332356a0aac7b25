using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>
/// The counters that instrumented code writes: one octet for each pair of branches taken one after the other (edges). An input is worth
/// keeping when it takes an edge that none took before, or takes one in another order of magnitude.
/// </summary>
internal static unsafe class CoverageMap
{
    private const int Size = 1 << 16;

    // Never freed: instrumented code may run as long as the process.
    private static readonly byte* Counters = Allocate();

    /// <summary>Instrumented code must not run before this: it writes wherever the pointer points.</summary>
    public static void Connect() => Trace.SharedMem = Counters;

    public static void Reset()
    {
        new Span<byte>(Counters, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Adds what the last execution did to <paramref name="seen"/>; true when there was anything new.</summary>
    public static bool CollectInto(Seen seen)
    {
        var rest = new ReadOnlySpan<byte>(Counters, Size);
        var isNew = false;
        var edge = 0;
        for (int skip; (skip = rest.IndexOfAnyExcept((byte)0)) >= 0; rest = rest[(skip + 1)..], edge++)
        {
            edge += skip;
            isNew |= seen.Add(edge, rest[skip]);
        }

        return isNew;
    }

    private static byte* Allocate() => (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>What all executions of one run did.</summary>
    public sealed class Seen
    {
        private readonly byte[] _magnitudes = new byte[Size];

        public int Edges { get; private set; }

        public bool Add(int edge, byte count)
        {
            // 1, 2, 3, 4–7, 8–15, …, 128 and more: a bit each.
            var magnitude = count <= 3 ? count - 1 : BitOperations.Log2(count);
            var before = _magnitudes[edge];
            var after = (byte)(before | (1 << magnitude));
            _magnitudes[edge] = after;
            Edges += before == 0 ? 1 : 0;
            return after != before;
        }
    }
}
