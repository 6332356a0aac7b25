using System.Buffers.Binary;
using System.Numerics;

namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// Tag and length alone, before a content that is written elsewhere: the platform's writer copies all that it encloses, and once more when
/// it is done.
/// </summary>
internal static class DerHeader
{
    public const int MaxOctets = 2 + sizeof(int);

    private const byte LongForm = 0x80;

    public static byte[] OfSequence(int contentLength)
    {
        Span<byte> header = stackalloc byte[MaxOctets];
        return header[..Write(header, DerTag.Sequence, contentLength)].ToArray();
    }

    /// <returns>How many octets it is.</returns>
    public static int Write(Span<byte> octets, byte tag, int contentLength)
    {
        octets[0] = tag;
        if (contentLength < LongForm)
        {
            octets[1] = (byte)contentLength;
            return 2;
        }

        // X.690 §8.1.3.5: the number of length octets, then these, as few as possible (§10.1).
        var count = sizeof(int) - (BitOperations.LeadingZeroCount((uint)contentLength) / 8);
        octets[1] = (byte)(LongForm | count);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, contentLength);
        length[^count..].CopyTo(octets[2..]);
        return 2 + count;
    }
}
