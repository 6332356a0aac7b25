namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>One decoder under fire.</summary>
/// <param name="Name">As <c>./fuzz.sh</c> takes it.</param>
/// <param name="Seeds">What a good peer sends; made anew in every run.</param>
/// <param name="Execute">Lets the decoder read the input once; throws when the decoder throws,
/// or when what it accepted contradicts itself.</param>
internal sealed record FuzzTarget(string Name, Func<IEnumerable<byte[]>> Seeds, Action<byte[]> Execute)
{
    /// <summary>Words of a text format; for DER the mutator takes elements of other inputs.</summary>
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    /// <summary>Octets that an execution may allocate for each octet of input, and beside that.</summary>
    public (int PerOctet, int Beside) Allocation { get; init; } = (128, 256 * 1024);

    public long AllocationLimit(int inputLength) => ((long)Allocation.PerOctet * inputLength) + Allocation.Beside;

    public override string ToString() => Name;
}

/// <summary>The decoder's output breaks a promise, although nothing was thrown.</summary>
internal sealed class ContradictionException(string message) : Exception(message)
{
    public static void Unless(bool holds, string promise)
    {
        if (!holds)
            throw new ContradictionException(promise);
    }
}
