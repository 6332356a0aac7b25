using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Infrastructure.Crypto.Cms;

public sealed class EnvelopedDataTests
{
    private static readonly byte[] Cipher = Sequence(Oid("2.16.840.1.101.3.4.1.2"), Tlv(0x04, new byte[16]));

    [Fact]
    [Trait("Conformance", "Z-1")]
    public void Pieces_of_ciphertext_cost_no_memory_of_their_own()
    {
        // 04 00, thirty thousand times.
        var empty = Enumerable.Range(0, 60_000).Select(i => (byte)(i % 2 == 0 ? 0x04 : 0x00)).ToArray();
        var message = Message(Tlv(0xA0, empty, Tlv(0x04, [1, 2]), Tlv(0x04, [3])));
        Assert.Equal([1, 2, 3], Read(message).ToArray());

        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(message);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static ReadOnlyMemory<byte> Read(byte[] message)
    {
        Assert.True(EnvelopedData.TryRead(new DerReader(message), out var envelope, out var defect), defect);
        return envelope!.EncryptedContent;
    }

    private static byte[] Message(byte[] encryptedContent) =>
        Sequence(Tlv(0x02, [0]), Set(), Sequence(Oid("1.2.840.113549.1.7.1"), Cipher, encryptedContent));
}
