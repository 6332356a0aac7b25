using System.Buffers.Binary;
using System.Security.Cryptography;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>AES key wrap (RFC 3394), with the default initial value; by a key as long as the one that is wrapped.</summary>
internal static class KeyWrap
{
    /// <summary>Octets of the blocks that it works in.</summary>
    public const int Block = 8;

    private const int Rounds = 6;
    private const int MaxKeyLength = 32;

    // RFC 3394 §2.2.3.1.
    private const ulong InitialValue = 0xA6A6A6A6A6A6A6A6;

    public static int WrappedLength(int keyLength) => keyLength + Block;

    /// <summary>The AlgorithmIdentifier of the wrap by an AES key of <paramref name="keyLength"/> octets: 16, 24 or 32.</summary>
    public static void WriteAlgorithm(DerWriter writer, int keyLength)
    {
        // RFC 3565 §2.3.2: parameters are absent. id-aes128-wrap, id-aes192-wrap, id-aes256-wrap.
        byte last = keyLength switch
        {
            16 => 0x05,
            24 => 0x19,
            32 => 0x2D,
            _ => throw new ArgumentOutOfRangeException(nameof(keyLength)),
        };
        using (writer.Open(DerTag.Sequence))
            writer.WriteEncoded([DerTag.Oid, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, last]);
    }

    /// <summary>RFC 3394 §2.2.1, index based.</summary>
    /// <param name="wrapped">As long as <see cref="WrappedLength"/> says.</param>
    public static void Wrap(ReadOnlySpan<byte> wrappingKey, ReadOnlySpan<byte> key, Span<byte> wrapped)
    {
        if (key.Length is < 2 * Block or > MaxKeyLength || key.Length % Block != 0)
            throw new ArgumentException("A key of this length cannot be wrapped.", nameof(key));
        using var aes = Aes.Create();
        aes.SetKey(wrappingKey);
        Span<byte> block = stackalloc byte[2 * Block];
        key.CopyTo(wrapped[Block..]);
        var check = InitialValue;
        var count = key.Length / Block;
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 1; i <= count; i++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(block, check);
                wrapped.Slice(i * Block, Block).CopyTo(block[Block..]);
                aes.EncryptEcb(block, block, PaddingMode.None);
                check = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)((count * round) + i);
                block[Block..].CopyTo(wrapped[(i * Block)..]);
            }
        }

        BinaryPrimitives.WriteUInt64BigEndian(wrapped, check);
        CryptographicOperations.ZeroMemory(block);
    }
}
