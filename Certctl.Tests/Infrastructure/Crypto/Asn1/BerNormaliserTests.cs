using System.Diagnostics;
using System.Formats.Asn1;
using System.Runtime.InteropServices;
using Certctl.Infrastructure.Crypto.Asn1;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Asn1;

public sealed class BerNormaliserTests
{
    [Theory]
    [InlineData("an empty sequence of indefinite length", "30 80 00 00", "30 00")]
    [InlineData("indefinite lengths in one another", "30 80 30 80 02 01 01 00 00 00 00", "30 05 30 03 02 01 01")]
    [InlineData("a definite one inside an indefinite one", "30 80 30 03 02 01 01 00 00", "30 05 30 03 02 01 01")]
    [InlineData("an indefinite one inside a definite one", "30 0A 30 80 02 01 01 00 00 02 01 02", "30 08 30 03 02 01 01 02 01 02")]
    [InlineData("a length in more octets than needed", "30 81 03 02 01 FF", "30 03 02 01 FF")]
    [InlineData("a length with leading zeros", "30 88 00 00 00 00 00 00 00 03 02 01 05", "30 03 02 01 05")]
    [InlineData("a primitive's length in more octets than needed", "30 06 04 82 00 02 01 02", "30 04 04 02 01 02")]
    [InlineData("an OCTET STRING in pieces", "24 08 04 02 01 02 04 02 03 04", "04 04 01 02 03 04")]
    [InlineData("an OCTET STRING in pieces of pieces", "24 80 24 80 04 01 01 00 00 24 03 04 01 02 04 01 03 00 00", "04 03 01 02 03")]
    [InlineData("an OCTET STRING in no pieces", "24 80 00 00", "04 00")]
    [InlineData("an OCTET STRING with an empty piece", "24 80 04 00 04 01 AA 00 00", "04 01 AA")]
    [InlineData("a context tag stays in pieces", "A0 80 04 01 01 04 01 02 00 00", "A0 06 04 01 01 04 01 02")]
    [InlineData("context tags of indefinite length", "A3 80 A0 80 05 00 00 00 00 00", "A3 04 A0 02 05 00")]
    [InlineData("what lies inside a primitive is left alone", "30 80 04 04 30 80 00 00 00 00", "30 06 04 04 30 80 00 00")]
    [InlineData("a SET stays in its order", "31 80 02 01 02 02 01 01 00 00", "31 06 02 01 02 02 01 01")]
    public void What_is_ber_becomes_der(string what, string ber, string der)
    {
        var input = Hex(ber);

        Assert.True(BerNormaliser.TryNormalise(input, out var output, out var consumed, out var defect), $"{what}: {defect}");

        Assert.Equal(Convert.ToHexString(Hex(der)), Convert.ToHexString(output.Span));
        Assert.Equal(input.Length, consumed);
        Assert.Null(defect);
    }

    [Theory]
    [InlineData("nothing", "")]
    [InlineData("half a header", "30")]
    [InlineData("half a long length", "30 82 01")]
    [InlineData("content that ends early", "30 03 02 01")]
    [InlineData("a child longer than its parent", "30 03 02 02 01 02")]
    [InlineData("a grandchild longer than its indefinite parent's parent", "30 04 30 80 02 05 01 02 03 04 05 00 00")]
    [InlineData("an indefinite length that is never closed", "30 80 02 01 01")]
    [InlineData("one that its parent cuts off", "30 05 30 80 02 01 01 00 00")]
    [InlineData("an indefinite length on a primitive", "04 80 01 02 00 00")]
    [InlineData("end-of-contents with nothing open", "00 00")]
    [InlineData("end-of-contents in a definite element", "30 02 00 00")]
    [InlineData("end-of-contents with content", "30 80 00 01 00 00 00")]
    [InlineData("a high tag number", "1F 81 01 00")]
    [InlineData("a constructed high tag number inside", "30 04 BF 22 01 00")]
    [InlineData("a reserved length octet", "30 FF 00")]
    [InlineData("a length of four gigabytes", "30 84 FF FF FF FF 00")]
    [InlineData("a length of two gigabytes", "04 84 80 00 00 00 00")]
    [InlineData("a length just below two gigabytes", "04 84 7F FF FF FF 00")]
    [InlineData("a length that overflows 64 bits", "04 89 01 00 00 00 00 00 00 00 01 00")]
    [InlineData("an INTEGER in an OCTET STRING in pieces", "24 03 02 01 01")]
    [InlineData("a SEQUENCE in an OCTET STRING in pieces", "24 80 30 80 00 00 00 00")]
    public void What_is_malformed_is_refused_in_words(string what, string ber)
    {
        Assert.False(BerNormaliser.TryNormalise(Hex(ber), out var output, out var consumed, out var defect), what);

        Assert.False(string.IsNullOrWhiteSpace(defect));
        Assert.Equal(0, consumed);
        Assert.True(output.IsEmpty);
    }

    [Fact]
    public void Der_comes_back_without_a_copy_and_without_what_follows()
    {
        var input = Hex("30 05 30 03 02 01 01 DE AD");

        Assert.True(BerNormaliser.TryNormalise(input, out var output, out var consumed, out _));

        Assert.Equal(7, consumed);
        Assert.Equal(7, output.Length);
        Assert.True(MemoryMarshal.TryGetArray(output, out var segment));
        Assert.Same(input, segment.Array);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(10_000, false)]
    public void The_nesting_has_a_cap(int depth, bool isAccepted)
    {
        var definite = Array.Empty<byte>();
        if (depth <= 33)
        {
            for (var i = 0; i < depth; i++)
                definite = [0x30, (byte)definite.Length, .. definite];
            Assert.Equal(isAccepted, BerNormaliser.TryNormalise(definite, out _, out _, out _));
        }

        var indefinite = new byte[depth * 4];
        for (var i = 0; i < depth; i++)
            (indefinite[2 * i], indefinite[(2 * i) + 1]) = (0x30, 0x80);
        Assert.Equal(isAccepted, BerNormaliser.TryNormalise(indefinite, out _, out _, out _));
    }

    [Fact]
    public void Content_of_every_size_gets_its_shortest_header()
    {
        foreach (var size in new[] { 0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000, 16_777_215, 16_777_216 })
        {
            var expected = new AsnWriter(AsnEncodingRules.DER, size + 64);
            expected.PushSequence();
            expected.PushSequence();
            expected.WriteOctetString(new byte[size]);
            expected.PopSequence();
            expected.PopSequence();
            var primitive = new AsnWriter(AsnEncodingRules.DER, size + 64);
            primitive.WriteOctetString(new byte[size]);
            byte[] ber = [0x30, 0x80, 0x30, 0x80, .. primitive.Encode(), 0, 0, 0, 0];

            Assert.True(BerNormaliser.TryNormalise(ber, out var output, out _, out var defect), defect);
            Assert.True(output.Span.SequenceEqual(expected.Encode()), $"{size} octets");
        }
    }

    [Fact]
    public void A_large_octet_string_in_small_pieces_is_joined()
    {
        byte[] chunk = [0x04, 0x82, 0x03, 0xE8, .. Enumerable.Range(0, 1000).Select(i => (byte)i)];
        byte[] ber = [0x30, 0x80, 0x24, 0x80, .. Enumerable.Repeat(chunk, 100).SelectMany(c => c), 0, 0, 0, 0];

        Assert.True(BerNormaliser.TryNormalise(ber, out var output, out _, out var defect), defect);

        var joined = new AsnReader(output, AsnEncodingRules.DER).ReadSequence().ReadOctetString();
        Assert.Equal(Enumerable.Repeat(chunk[4..], 100).SelectMany(c => c), joined);
    }

    // The runner writes the data of a theory down when it discovers it, octet by octet: by name they cost nothing there.
    private static readonly Dictionary<string, Func<byte[]>> Bombs = new()
    {
        ["a megabyte of zeros"] = () => new byte[1 << 20],
        ["a megabyte of indefinite sequences"] = () => Octets(i => i % 2 == 0 ? (byte)0x30 : (byte)0x80),
        ["a megabyte of NULLs in 32 levels that are never closed"] =
            () => [.. Nest(31), .. Octets(i => i % 2 == 0 ? (byte)0x05 : (byte)0x00)],
        ["a megabyte of octets in 32 levels of pieces"] =
            () => [.. Nest(1), .. Nest(30, 0x24), .. Pieces(), .. new byte[62]],
        ["a megabyte of empty sequences in 32 levels, last one not DER"] =
            () => [.. Nest(31), .. Octets(i => i % 2 == 0 ? (byte)0x30 : (byte)0x00), .. new byte[62]],
        ["a megabyte of empty indefinite sequences"] =
            () => [.. Nest(30), .. Octets(i => (i % 4) switch { 0 => (byte)0x30, 1 => (byte)0x80, _ => (byte)0 }), .. new byte[60]],
    };

    public static TheoryData<string> BombNames => [.. Bombs.Keys];

    private static IEnumerable<byte> Pieces() => Enumerable.Repeat<byte[]>([0x04, 0x01, 0xAA], 350_000).SelectMany(b => b);

    private static byte[] Octets(Func<int, byte> at) => [.. Enumerable.Range(0, 1 << 20).Select(at)];

    [Theory]
    [MemberData(nameof(BombNames))]
    public void A_bomb_is_dealt_with_at_once_and_in_bounded_memory(string what)
    {
        var bomb = Bombs[what]();
        BerNormaliser.TryNormalise(bomb.AsMemory(0, 16), out _, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();

        BerNormaliser.TryNormalise(bomb, out _, out _, out _);

        // A debug build on a busy machine takes a second; quadratic time would take minutes.
        Assert.True(watch.ElapsedMilliseconds < 5000, $"{what}: {watch.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2L * bomb.Length, what);
    }

    [Fact]
    public void What_was_normalised_is_der_already()
    {
        var random = new Random(8894);
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var ber = RandomBer(random, 0);
            if (random.Next(4) == 0)
                ber[random.Next(ber.Length)] = (byte)random.Next(256);
            if (!BerNormaliser.TryNormalise(ber, out var once, out var consumed, out _))
                continue;
            accepted++;
            Assert.InRange(consumed, 1, ber.Length);
            Assert.True(BerNormaliser.TryNormalise(once, out var twice, out var all, out var defect), defect);
            Assert.Equal(once.Length, all);
            Assert.True(once.Equals(twice), "normalised twice, but it was DER after the first time");
        }

        Assert.True(accepted > 10_000);
    }

    private static byte[] RandomBer(Random random, int depth)
    {
        if (depth > 5 || random.Next(3) == 0)
        {
            var content = new byte[random.Next(5) == 0 ? random.Next(300) : random.Next(6)];
            random.NextBytes(content);
            return [(byte)random.Next(1, 0x0C), .. Length(random, content.Length), .. content];
        }

        byte tag = random.Next(4) switch { 0 => 0x31, 1 => 0xA0, 2 => 0x24, _ => 0x30 };
        byte[] children = [];
        for (var i = random.Next(4); i > 0; i--)
            children = [.. children, .. tag == 0x24 ? [0x04, 0x01, 0x55] : RandomBer(random, depth + 1)];
        return random.Next(2) == 0 ? [tag, 0x80, .. children, 0, 0] : [tag, .. Length(random, children.Length), .. children];
    }

    private static byte[] Length(Random random, int length) => random.Next(4) switch
    {
        0 => [0x84, 0, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        1 => [0x82, (byte)(length >> 8), (byte)length],
        _ => length < 0x80 ? [(byte)length] : length < 0x100 ? [0x81, (byte)length] : [0x82, (byte)(length >> 8), (byte)length],
    };

    private static IEnumerable<byte> Nest(int depth, byte tag = 0x30) => Enumerable.Repeat<byte[]>([tag, 0x80], depth).SelectMany(b => b);

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", string.Empty, StringComparison.Ordinal));
}
