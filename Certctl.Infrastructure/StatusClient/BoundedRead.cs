namespace Certctl.Infrastructure.StatusClient;

/// <summary>Reads what others wrote to its end, but never more than was agreed.</summary>
internal static class BoundedRead
{
    private const int Start = 64 * 1024;

    /// <summary>Null when there are more than <paramref name="max"/> octets.</summary>
    /// <param name="expected">What was announced: of use for the first guess and not believed.</param>
    public static async Task<ReadOnlyMemory<byte>?> ToEndAsync(
        Stream stream, long? expected, int max, CancellationToken cancellationToken)
    {
        if (expected > max)
            return null;

        // One octet more than expected, so that the end shows without growing.
        var buffer = new byte[Math.Max(Start, (int)(expected ?? 0) + 1)];
        var filled = 0;
        while (await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken) is > 0 and var read)
        {
            filled += read;
            if (filled > max)
                return null;
            if (filled == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, (long)max + 1));
        }

        return buffer.AsMemory(0, filled);
    }
}
