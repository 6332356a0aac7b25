using System.Runtime.CompilerServices;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// The removal of paddings without a branch or an index that depends on what is secret. Kept from the optimiser, which might put the
/// branches back. RFC 3218 and RFC 8017 §7.1.2 say what an attacker does with the difference.
/// </summary>
internal static class ConstantTime
{
    private const MethodImplOptions Untouched = MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization;

    /// <summary>
    /// RFC 8017 §7.2.2: 00 02, at least eight non-zero octets, 00, and a message that is exactly as long as <paramref name="message"/>.
    /// Anything else leaves <paramref name="substitute"/> there.
    /// </summary>
    [MethodImpl(Untouched)]
    public static void UnpadPkcs1(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> substitute, Span<byte> message)
    {
        // Lengths are public: they follow from the key size and the cipher's name.
        var separator = encoded.Length - message.Length - 1;
        if (separator < 10)
            throw new ArgumentException("The message cannot be that long with this key.", nameof(message));
        var bad = encoded[0] | (encoded[1] ^ 0x02) | encoded[separator];
        for (var i = 2; i < separator; i++)
            bad |= MaskIfZero(encoded[i]) & 1;
        Select(MaskIfZero(bad), encoded[(separator + 1)..], substitute, message);
    }

    /// <summary>
    /// RFC 8017 §7.1.2 step 3 g, over an unmasked data block: lHash, zeros, 01, and a message that is exactly as long as <paramref
    /// name="message"/>.
    /// </summary>
    [MethodImpl(Untouched)]
    public static void UnpadOaep(
        byte y, ReadOnlySpan<byte> block, ReadOnlySpan<byte> labelHash, ReadOnlySpan<byte> substitute, Span<byte> message)
    {
        var separator = block.Length - message.Length - 1;
        if (separator < labelHash.Length)
            throw new ArgumentException("The message cannot be that long with this key.", nameof(message));
        int bad = y;
        for (var i = 0; i < labelHash.Length; i++)
            bad |= block[i] ^ labelHash[i];
        for (var i = labelHash.Length; i < separator; i++)
            bad |= block[i];
        bad |= block[separator] ^ 0x01;
        Select(MaskIfZero(bad), block[(separator + 1)..], substitute, message);
    }

    /// <summary>
    /// RFC 3211 §2.3.2: the key's length, the complement of its first three octets, the key. Where that is so and the key exactly as long
    /// as <paramref name="key"/>, it goes there; else what is there stays.
    /// </summary>
    [MethodImpl(Untouched)]
    public static bool TakeCheckedKey(ReadOnlySpan<byte> block, Span<byte> key)
    {
        var bad = block[0] ^ key.Length;
        for (var i = 1; i <= 3; i++)
            bad |= block[i] ^ block[i + 3] ^ 0xFF;
        var good = MaskIfZero(bad & 0xFF);
        Select(good, block[4..], key, key);
        return good != 0;
    }

    /// <summary>RFC 5652 §6.3: how many octets of padding end this last block, 0 when they are wrong.</summary>
    [MethodImpl(Untouched)]
    public static int PaddingLength(ReadOnlySpan<byte> lastBlock)
    {
        var length = lastBlock.Length;
        int padding = lastBlock[length - 1];

        // 1 to the block's length: both differences are negative otherwise.
        var bad = ((padding - 1) >> 31) | ((length - padding) >> 31);
        for (var i = 1; i <= length; i++)
        {
            var inside = ~((padding - i) >> 31);
            bad |= inside & (lastBlock[length - i] ^ padding);
        }

        return padding & MaskIfZero(bad & 0xFF);
    }

    private static void Select(int mask, ReadOnlySpan<byte> whenSet, ReadOnlySpan<byte> whenClear, Span<byte> result)
    {
        for (var i = 0; i < result.Length; i++)
            result[i] = (byte)((whenSet[i] & mask) | (whenClear[i] & ~mask));
    }

    // -1 for 0, 0 for 1 to 255.
    private static int MaskIfZero(int value) => (value - 1) >> 31;
}
