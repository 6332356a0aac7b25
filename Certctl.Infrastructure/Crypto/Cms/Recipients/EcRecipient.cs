using System.Buffers.Binary;
using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>
/// KeyAgreeRecipientInfo (RFC 5652 §6.2.2) for a certificate with an EC key: ephemeral-static ECDH without cofactor, the KDF of X9.63 and
/// AES key wrap, as RFC 5753 §3.1 profiles them.
/// </summary>
/// <param name="publicKey">The certificate's key, on P-256, P-384 or P-521.</param>
/// <param name="curve">Its curve.</param>
internal readonly struct EcRecipient(RequestSigner certificate, ECDiffieHellmanPublicKey publicKey, ECCurve curve) : IEnvelopeRecipient
{
    private const int MaxPointLength = 1 + (2 * 66);

    // RFC 5652 §6.1: version 2 as soon as one RecipientInfo is not of version 0.
    public byte EnvelopeVersion => 2;

    /// <summary>
    /// False for a content key that RFC 3394 §2.2.1 cannot wrap: that of single DES has one block of 64 bits, and two are the least.
    /// </summary>
    public static bool CanReceive(ContentCipher cipher) => cipher.KeyLength >= 2 * KeyWrap.Block;

    public void Write(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key)
    {
        // A key of its own for each envelope: nothing is learnt from one about another.
        using var ephemeral = ECDiffieHellman.Create(curve);
        using (writer.Open(DerTag.ContextConstructed(1)))
        {
            // RFC 5652 §6.2.2: always 3.
            writer.WriteEncoded([DerTag.Integer, 1, 3]);
            using (writer.Open(DerTag.ContextConstructed(0)))
                WriteOriginator(writer, ephemeral);
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(SchemeOf(ephemeral.KeySize).Oid);
                KeyWrap.WriteAlgorithm(writer, key.Length);
            }

            using (writer.Open(DerTag.Sequence))
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(SignedDataWriter.IssuerAndSerialNumber(certificate));
                using (writer.Open(DerTag.OctetString))
                    WrapKey(ephemeral, key, writer.Append(KeyWrap.WrappedLength(key.Length)));
            }
        }
    }

    // RFC 5753 §3.1.1: originatorKey, whose algorithm is id-ecPublicKey; parameters absent, since the recipient knows its own curve.
    private static void WriteOriginator(DerWriter writer, ECDiffieHellman ephemeral)
    {
        var point = ephemeral.ExportParameters(includePrivateParameters: false).Q;
        using (writer.Open(DerTag.ContextConstructed(1)))
        {
            using (writer.Open(DerTag.Sequence))
                writer.WriteEncoded(CmsOid.EcPublicKey);
            Span<byte> bits = stackalloc byte[1 + MaxPointLength];
            bits[0] = 0;
            bits[1] = 0x04;
            point.X.CopyTo(bits[2..]);
            point.Y.CopyTo(bits[(2 + point.X!.Length)..]);
            writer.Write(DerTag.BitString, bits[..(2 + (2 * point.X.Length))]);
        }
    }

    // The wrapping key is as long as the content key, and no digest here is shorter than that:
    // one round of the KDF (SEC 1 §3.6.1) makes it.
    private void WrapKey(ECDiffieHellman ephemeral, ReadOnlySpan<byte> key, Span<byte> wrapped)
    {
        var derived = ephemeral.DeriveKeyFromHash(
            publicKey, SchemeOf(ephemeral.KeySize).Digest, secretPrepend: null, CounterAndSharedInfo(key.Length));
        KeyWrap.Wrap(derived.AsSpan(0, key.Length), key, wrapped);
        CryptographicOperations.ZeroMemory(derived);
    }

    // RFC 5753 §7.2: ECC-CMS-SharedInfo, without entityUInfo as there is no ukm; the counter of the KDF's first round before it.
    private static byte[] CounterAndSharedInfo(int keyLength)
    {
        using var writer = new DerWriter(64);
        writer.WriteEncoded([0, 0, 0, 1]);
        using (writer.Open(DerTag.Sequence))
        {
            KeyWrap.WriteAlgorithm(writer, keyLength);
            using (writer.Open(DerTag.ContextConstructed(2)))
            using (writer.Open(DerTag.OctetString))
                BinaryPrimitives.WriteInt32BigEndian(writer.Append(sizeof(int)), 8 * keyLength);
        }

        return writer.ToArray();
    }

    // RFC 5753 §7.1.4 with §2: dhSinglePass-stdDH-sha256kdf, -sha384kdf and -sha512kdf, each with the curve of its strength.
    private static Scheme SchemeOf(int curveBits) => curveBits switch
    {
        256 => new Scheme([0x06, 0x06, 0x2B, 0x81, 0x04, 0x01, 0x0B, 0x01], HashAlgorithmName.SHA256),
        384 => new Scheme([0x06, 0x06, 0x2B, 0x81, 0x04, 0x01, 0x0B, 0x02], HashAlgorithmName.SHA384),
        521 => new Scheme([0x06, 0x06, 0x2B, 0x81, 0x04, 0x01, 0x0B, 0x03], HashAlgorithmName.SHA512),
        _ => throw new CryptographicException("There is no key agreement scheme for this curve."),
    };

    private readonly ref struct Scheme(ReadOnlySpan<byte> oid, HashAlgorithmName digest)
    {
        public ReadOnlySpan<byte> Oid { get; } = oid;

        public HashAlgorithmName Digest { get; } = digest;
    }
}
