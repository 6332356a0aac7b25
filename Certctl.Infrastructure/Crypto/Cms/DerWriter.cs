using System.Buffers;
using System.Buffers.Binary;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// Writes DER forwards into one rented buffer. <c>using (writer.Open(tag))</c> stands where the RFC's ASN.1 opens a brace; the length is
/// filled in at the closing one.
/// </summary>
/// <param name="holdsSecrets">Buffers are zeroed before they go back to the pool, else they go back as they are.</param>
internal sealed class DerWriter(int capacity, bool holdsSecrets = false) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public byte[] ToArray() => Written.ToArray();

    /// <summary>Begins an element; it ends where the returned scope is disposed.</summary>
    public Element Open(byte tag)
    {
        Append(2)[0] = tag;
        return new Element(this, Length);
    }

    /// <summary>A whole primitive element.</summary>
    public void Write(byte tag, ReadOnlySpan<byte> content)
    {
        using (Open(tag))
            WriteEncoded(content);
    }

    /// <summary>An INTEGER that is not negative.</summary>
    public void WriteUnsigned(int value)
    {
        Span<byte> octets = stackalloc byte[1 + sizeof(int)];
        octets[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(octets[1..], value);

        // X.690 §8.3.2: no zero octet in front unless the next one would make it negative.
        while (octets.Length > 1 && octets[0] == 0 && octets[1] < 0x80)
            octets = octets[1..];
        Write(DerTag.Integer, octets);
    }

    /// <summary>Octets that are DER already.</summary>
    public void WriteEncoded(ReadOnlySpan<byte> der) => der.CopyTo(Append(der.Length));

    /// <summary>The next <paramref name="count"/> octets, for the caller to fill before anything else is written.</summary>
    public Span<byte> Append(int count)
    {
        if (_buffer.Length - Length < count)
            Grow(count);
        Length += count;
        return _buffer.AsSpan(Length - count, count);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer, holdsSecrets);
        _buffer = [];
        Length = 0;
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + count));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer, holdsSecrets);
        _buffer = larger;
    }

    // One octet was kept for the length; longer forms push the content to the right.
    private void Close(int start)
    {
        var length = Length - start;
        if (length < 0x80)
        {
            _buffer[start - 1] = (byte)length;
            return;
        }

        var octets = length <= 0xFF ? 1 : length <= 0xFFFF ? 2 : length <= 0xFFFFFF ? 3 : 4;
        Append(octets);
        _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + octets));
        _buffer[start - 1] = (byte)(0x80 | octets);
        for (var i = octets - 1; i >= 0; i--, length >>= 8)
            _buffer[start + i] = (byte)length;
    }

    /// <summary>An element that is still open.</summary>
    internal readonly ref struct Element(DerWriter writer, int start)
    {
        public void Dispose() => writer.Close(start);
    }
}
