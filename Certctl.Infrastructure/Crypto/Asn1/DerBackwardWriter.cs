namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// Writes DER from its end to its beginning into octets that the caller has: every length is known when its turn comes, and nothing is
/// allocated. For what is written for each request.
/// </summary>
/// <param name="octets">Large enough for all of it; otherwise writing throws.</param>
internal ref struct DerBackwardWriter(Span<byte> octets)
{
    private readonly Span<byte> _octets = octets;
    private int _start = octets.Length;

    public readonly int Length => _octets.Length - _start;

    public readonly ReadOnlySpan<byte> Written => _octets[_start..];

    /// <summary>Whole elements, as they are.</summary>
    public void Write(scoped ReadOnlySpan<byte> encoded)
    {
        encoded.CopyTo(_octets[(_start - encoded.Length).._start]);
        _start -= encoded.Length;
    }

    /// <summary>Tag and length of an element whose content is all that was written since.</summary>
    /// <param name="since"><see cref="Length"/> as it was before the content.</param>
    public void Enclose(byte tag, int since = 0)
    {
        Span<byte> header = stackalloc byte[DerHeader.MaxOctets];
        Write(header[..DerHeader.Write(header, tag, Length - since)]);
    }

    /// <param name="number">Big-endian, of any length but none.</param>
    public void WriteUnsignedInteger(scoped ReadOnlySpan<byte> number)
    {
        var since = Length;
        var digits = number[..^1].TrimStart((byte)0).Length + 1;
        Write(number[^digits..]);

        // X.690 §8.3.3: the first bit would be the sign.
        if (number[^digits] >= 0x80)
            Write([0]);
        Enclose(DerTag.Integer, since);
    }
}
