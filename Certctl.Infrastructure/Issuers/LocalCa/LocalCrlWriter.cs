using System.Buffers;
using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>Writes a CRL field by field in the order of RFC 5280 §5.1.</summary>
internal sealed class LocalCrlWriter : ICrlWriter
{
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    private readonly CaSigner _signer;
    private readonly byte[] _issuer;
    private readonly byte[] _authorityKeyIdentifier;

    private LocalCrlWriter(X509Certificate2 ca, CaSigner signer)
    {
        _signer = signer;
        _issuer = ca.SubjectName.RawData;
        _authorityKeyIdentifier = LeafExtensions.EncodeAuthorityKeyIdentifier(ca);
    }

    /// <summary>Null when the CA may not sign CRLs (RFC 5280 §4.2.1.3): who checks usages would refuse them.</summary>
    public static LocalCrlWriter? For(X509Certificate2 ca, CaSigner signer) => MaySign(ca) ? new LocalCrlWriter(ca, signer) : null;

    public static bool MaySign(X509Certificate2 ca) =>
        ca.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
        || (usage.KeyUsages & X509KeyUsageFlags.CrlSign) != 0;

    public async Task<PublishedCrl> WriteAsync(
        CrlHeader header, IAsyncEnumerable<RevokedCertificate> entries, CancellationToken cancellationToken)
    {
        var list = new ArrayBufferWriter<byte>();
        var one = new AsnWriter(AsnEncodingRules.DER);
        var count = 0;
        await foreach (var entry in entries.WithCancellation(cancellationToken))
        {
            one.Reset();
            WriteEntry(one, entry, header.ThisUpdate);
            list.Advance(one.Encode(list.GetSpan(one.GetEncodedLength())));
            count++;
        }

        var der = _signer.Seal(ToBeSigned(header, list.WrittenSpan));
        return new PublishedCrl(header.Number, header.ThisUpdate, header.NextUpdate, count, der);
    }

    /// <summary>tbsCertList around the entries, which are many octets: they are copied once.</summary>
    private byte[] ToBeSigned(CrlHeader header, ReadOnlySpan<byte> entries)
    {
        var (before, after) = (Encode(writer => WriteBefore(writer, header)), Encode(writer => WriteAfter(writer, header)));

        // RFC 5280 §5.1.2.6: absent where nothing is revoked.
        var list = entries.IsEmpty ? 0 : HeaderLength(entries.Length) + entries.Length;
        var content = before.Length + list + after.Length;
        var written = new ArrayBufferWriter<byte>(HeaderLength(content) + content);
        WriteSequenceHeader(written, content);
        written.Write(before);
        if (!entries.IsEmpty)
        {
            WriteSequenceHeader(written, entries.Length);
            written.Write(entries);
        }

        written.Write(after);
        return written.WrittenSpan.ToArray();
    }

    private void WriteBefore(AsnWriter writer, CrlHeader header)
    {
        // version v2(1)
        writer.WriteInteger(1);
        writer.WriteEncodedValue(_signer.AlgorithmIdentifier.Span);
        writer.WriteEncodedValue(_issuer);
        LeafWriter.WriteTime(writer, header.ThisUpdate);
        LeafWriter.WriteTime(writer, header.NextUpdate);
    }

    private void WriteAfter(AsnWriter writer, CrlHeader header)
    {
        using (writer.PushSequence(Extensions))
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(_authorityKeyIdentifier);
            LeafExtensions.Write(writer, "2.5.29.20", critical: false, Encode(value => value.WriteInteger(header.Number)));
        }
    }

    private static void WriteEntry(AsnWriter writer, RevokedCertificate entry, DateTimeOffset thisUpdate)
    {
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Convert.FromHexString(entry.SerialNumber).AsSpan().TrimStart((byte)0));

            // The clock of the process that revoked may have been a little ahead.
            LeafWriter.WriteTime(writer, entry.RevokedAt < thisUpdate ? entry.RevokedAt : thisUpdate);

            // RFC 5280 §5.3.1: absent rather than unspecified.
            if (entry.Reason == RevocationReason.Unspecified)
                return;
            using (writer.PushSequence())
                LeafExtensions.Write(writer, "2.5.29.21", critical: false, [(byte)UniversalTagNumber.Enumerated, 1, (byte)entry.Reason]);
        }
    }

    // X.690 §8.1.3: up to 127 in one octet, else the number of octets first.
    private static int HeaderLength(int length) => length < 0x80 ? 2 : 2 + OctetsOf(length);

    private static int OctetsOf(int length) => (32 - BitOperations.LeadingZeroCount((uint)length) + 7) / 8;

    private static void WriteSequenceHeader(ArrayBufferWriter<byte> writer, int length)
    {
        writer.Write<byte>([0x30]);
        if (length < 0x80)
        {
            writer.Write<byte>([(byte)length]);
            return;
        }

        var octets = OctetsOf(length);
        writer.Write<byte>([(byte)(0x80 | octets)]);
        Span<byte> big = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(big, length);
        writer.Write(big[^octets..]);
    }

    private static byte[] Encode(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }
}
