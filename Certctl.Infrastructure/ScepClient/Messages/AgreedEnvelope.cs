using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>
/// An EnvelopedData for an EC key (RFC 5753 §3.1), which the platform's CMS cannot open: ECDH without cofactor, the KDF of X9.63, AES key
/// wrap, AES or 3DES in CBC mode.
/// </summary>
internal static class AgreedEnvelope
{
    private const int MaxKdfRounds = 2;
    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Context1 = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag Context2 = new(TagClass.ContextSpecific, 2);

    /// <summary>The content; null when no KeyAgreeRecipientInfo names <paramref name="recipient"/>.</summary>
    /// <exception cref="CryptographicException">It cannot be opened with the key.</exception>
    /// <exception cref="AsnContentException">It is no EnvelopedData.</exception>
    public static byte[]? Open(byte[] contentInfo, X509Certificate2 recipient, ECDsa key)
    {
        var outer = new AsnReader(contentInfo, AsnEncodingRules.BER).ReadSequence();
        outer.ReadObjectIdentifier();
        var envelope = outer.ReadSequence(Context0).ReadSequence();
        envelope.ReadInteger();
        if (envelope.PeekTag().HasSameClassAndValue(Context0))
            envelope.ReadEncodedValue();
        var recipients = envelope.ReadSetOf(skipSortOrderValidation: true);
        var content = envelope.ReadSequence();
        while (recipients.HasData)
        {
            if (!recipients.PeekTag().HasSameClassAndValue(Context1))
                recipients.ReadEncodedValue();
            else if (FindKey(recipients.ReadSequence(Context1), recipient, key) is { } contentKey)
                return Decrypt(content, contentKey);
        }

        return null;
    }

    // RFC 5652 §6.2.2.
    private static byte[]? FindKey(AsnReader info, X509Certificate2 recipient, ECDsa key)
    {
        info.ReadInteger();
        var originator = info.ReadSequence(Context0);
        var ukm = info.PeekTag().HasSameClassAndValue(Context1) ? info.ReadSequence(Context1).ReadOctetString() : null;
        var algorithm = info.ReadSequence();
        var scheme = algorithm.ReadObjectIdentifier();
        var wrap = algorithm.ReadEncodedValue();
        var keys = info.ReadSequence();
        while (keys.HasData)
        {
            var entry = keys.ReadSequence();
            var isOurs = Names(entry, recipient);
            var encrypted = entry.ReadOctetString();
            if (isOurs)
                return Unwrap(encrypted, WrappingKey(originator, key, scheme, wrap, ukm));
        }

        return null;
    }

    private static bool Names(AsnReader entry, X509Certificate2 recipient)
    {
        if (entry.PeekTag().HasSameClassAndValue(Context0))
        {
            var keyIdentifier = entry.ReadSequence(Context0).ReadOctetString();
            return recipient.Extensions.OfType<X509SubjectKeyIdentifierExtension>()
                .Any(ski => ski.SubjectKeyIdentifierBytes.Span.SequenceEqual(keyIdentifier));
        }

        var named = entry.ReadSequence();
        return named.ReadEncodedValue().Span.SequenceEqual(recipient.IssuerName.RawData) & named.ReadIntegerBytes().Span
            .SequenceEqual(recipient.SerialNumberBytes.Span);
    }

    // SEC 1 §3.6.1: the digest of secret, counter and SharedInfo, as often as the key is long.
    private static byte[] WrappingKey(AsnReader originator, ECDsa key, string scheme, ReadOnlyMemory<byte> wrap, byte[]? ukm)
    {
        var digest = scheme switch
        {
            "1.3.132.1.11.1" => HashAlgorithmName.SHA256,
            "1.3.132.1.11.2" => HashAlgorithmName.SHA384,
            "1.3.132.1.11.3" => HashAlgorithmName.SHA512,
            _ => throw new CryptographicException($"The key agreement scheme {scheme} is not known."),
        };
        // DER: what is read here is hashed as it stands (RFC 5753 §7.2).
        var length = new AsnReader(wrap, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() switch
        {
            "2.16.840.1.101.3.4.1.5" => 16,
            "2.16.840.1.101.3.4.1.25" => 24,
            "2.16.840.1.101.3.4.1.45" => 32,
            var other => throw new CryptographicException($"The key wrap {other} is not known."),
        };
        using var own = ECDiffieHellman.Create(key.ExportParameters(includePrivateParameters: true));
        using var theirs = ECDiffieHellman.Create(
            new ECParameters { Curve = own.ExportParameters(false).Curve, Q = Point(originator, own.KeySize) });
        var derived = new List<byte>();
        for (var counter = 1; derived.Count < length && counter <= MaxKdfRounds; counter++)
        {
            var first = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(first, counter);
            derived.AddRange(own.DeriveKeyFromHash(theirs.PublicKey, digest, null, [.. first, .. SharedInfo(wrap, ukm, 8 * length)]));
        }

        return [.. derived.Take(length)];
    }

    // RFC 5753 §3.1.1: originatorKey [1] { algorithm, publicKey BIT STRING }, an uncompressed point.
    private static ECPoint Point(AsnReader originator, int bits)
    {
        var sent = originator.ReadSequence(Context1);
        sent.ReadSequence();
        var point = sent.ReadBitString(out _);
        var width = (bits + 7) / 8;
        return point.Length == 1 + (2 * width) && point[0] == 0x04
            ? new ECPoint { X = point[1..(1 + width)], Y = point[(1 + width)..] }
            : throw new CryptographicException("The originator's point is on another curve, or compressed.");
    }

    // RFC 5753 §7.2: ECC-CMS-SharedInfo.
    private static byte[] SharedInfo(ReadOnlyMemory<byte> wrap, byte[]? ukm, int bits)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(wrap.Span);
            if (ukm is not null)
            {
                using (writer.PushSequence(Context0))
                    writer.WriteOctetString(ukm);
            }

            var length = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(length, bits);
            using (writer.PushSequence(Context2))
                writer.WriteOctetString(length);
        }

        return writer.Encode();
    }

    // RFC 3394 §2.2.2.
    private static byte[] Unwrap(byte[] wrapped, byte[] wrappingKey)
    {
        if (wrapped.Length is < 24 or > 64 || wrapped.Length % 8 != 0)
            throw new CryptographicException("The wrapped key has no length that it can have.");
        using var aes = Aes.Create();
        aes.Key = wrappingKey;
        var registers = wrapped.Chunk(8).ToArray();
        var count = registers.Length - 1;
        for (var step = 6 * count; step >= 1; step--)
        {
            var i = ((step - 1) % count) + 1;
            var mixed = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(mixed, BinaryPrimitives.ReadUInt64BigEndian(registers[0]) ^ (ulong)step);
            var block = aes.DecryptEcb([.. mixed, .. registers[i]], PaddingMode.None);
            (registers[0], registers[i]) = (block[..8], block[8..]);
        }

        return registers[0].All(octet => octet == 0xA6)
            ? [.. registers.Skip(1).SelectMany(register => register)]
            : throw new CryptographicException("The wrapped key is not for this key.");
    }

    private static byte[] Decrypt(AsnReader content, byte[] contentKey)
    {
        content.ReadObjectIdentifier();
        var algorithm = content.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        var iv = algorithm.ReadOctetString();
        using SymmetricAlgorithm cipher = oid switch
        {
            "2.16.840.1.101.3.4.1.2" or "2.16.840.1.101.3.4.1.22" or "2.16.840.1.101.3.4.1.42" => Aes.Create(),
            "1.2.840.113549.3.7" => TripleDES.Create(),
            _ => throw new CryptographicException($"The content encryption {oid} is not known."),
        };
        try
        {
            cipher.Key = contentKey;
            return cipher.DecryptCbc(content.ReadOctetString(Context0), iv);
        }
        catch (ArgumentException trouble)
        {
            // What the platform says of a vector of a wrong length.
            throw new CryptographicException("The content encryption has wrong parameters.", trouble);
        }
    }
}
