using System.Formats.Asn1;
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

    public byte[] Write(RevocationList list)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 512 + (list.Entries.Count * 48));
        using (writer.PushSequence())
        {
            // version v2(1)
            writer.WriteInteger(1);
            writer.WriteEncodedValue(_signer.AlgorithmIdentifier.Span);
            writer.WriteEncodedValue(_issuer);
            LeafWriter.WriteTime(writer, list.ThisUpdate);
            LeafWriter.WriteTime(writer, list.NextUpdate);

            // RFC 5280 §5.1.2.6: absent where nothing is revoked.
            if (list.Entries.Count > 0)
            {
                using (writer.PushSequence())
                {
                    foreach (var entry in list.Entries)
                        WriteEntry(writer, entry);
                }
            }

            using (writer.PushSequence(Extensions))
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(_authorityKeyIdentifier);
                LeafExtensions.Write(writer, "2.5.29.20", critical: false, Encode(value => value.WriteInteger(list.Number)));
            }
        }

        return _signer.Seal(writer.Encode());
    }

    private static void WriteEntry(AsnWriter writer, RevokedCertificate entry)
    {
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Convert.FromHexString(entry.SerialNumber).AsSpan().TrimStart((byte)0));
            LeafWriter.WriteTime(writer, entry.RevokedAt);

            // RFC 5280 §5.3.1: absent rather than unspecified.
            if (entry.Reason == RevocationReason.Unspecified)
                return;
            using (writer.PushSequence())
                LeafExtensions.Write(writer, "2.5.29.21", critical: false, [(byte)UniversalTagNumber.Enumerated, 1, (byte)entry.Reason]);
        }
    }

    private static byte[] Encode(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }
}
