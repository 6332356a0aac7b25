using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication.Ocsp;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <summary>Signs OCSP answers with a P-256 key; the responses are encoded field by field in the order of RFC 6960 §4.2.1.</summary>
/// <param name="archivedSince">What is known of certificates that ended is kept since then.</param>
internal sealed class OcspSigner(ECDsa key, X509Certificate2 certificate, DateTimeOffset archivedSince) : IOcspSigner
{
    // AlgorithmIdentifier { ecdsa-with-SHA256 }, without parameters (RFC 5758 §3.2).
    private static readonly byte[] EcdsaWithSha256 = Convert.FromHexString("300A06082A8648CE3D040302");

    private static readonly Asn1Tag First = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Second = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag Third = new(TagClass.ContextSpecific, 2);

    private readonly byte[] _keyHash =
        CryptographicOperations.HashData(HashAlgorithmName.SHA1, IssuerHashes.KeyOctets(key.ExportSubjectPublicKeyInfo()).Span);

    private readonly byte[] _archiveCutoff = ArchiveCutoff(archivedSince);

    public ECDsa Key => key;

    public X509Certificate2 Certificate => certificate;

    public string SerialNumber { get; } = certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0');

    public string Subject => certificate.Subject;

    public DateTimeOffset NotBefore { get; } = certificate.NotBefore.ToUniversalTime();

    public DateTimeOffset NotAfter { get; } = certificate.NotAfter.ToUniversalTime();

    public byte[] Sign(OcspAnswer answer)
    {
        var toBeSigned = new AsnWriter(AsnEncodingRules.DER, 256 + (answer.Entries.Count * 160));
        WriteResponseData(toBeSigned, answer);
        var data = toBeSigned.Encode();
        var signature = key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

        var certificateDer = certificate.RawDataMemory.Span;
        var basic = new AsnWriter(AsnEncodingRules.DER, data.Length + certificateDer.Length + 256);
        using (basic.PushSequence())
        {
            // responseStatus successful(0)
            basic.WriteEncodedValue([0x0A, 0x01, 0x00]);
            using (basic.PushSequence(First))
            using (basic.PushSequence())
            {
                basic.WriteObjectIdentifier(OcspOid.Basic);
                using (basic.PushOctetString())
                using (basic.PushSequence())
                {
                    basic.WriteEncodedValue(data);
                    basic.WriteEncodedValue(EcdsaWithSha256);
                    basic.WriteBitString(signature);

                    // RFC 6960 §4.2.2.2: relying parties have the CA's certificate, and need this one.
                    using (basic.PushSequence(First))
                    using (basic.PushSequence())
                        basic.WriteEncodedValue(certificateDer);
                }
            }
        }

        return basic.Encode();
    }

    private void WriteResponseData(AsnWriter writer, OcspAnswer answer)
    {
        using (writer.PushSequence())
        {
            // version is DEFAULT v1, which DER leaves out. responderID: RFC 9919 §3.2.2 wants byKey.
            using (writer.PushSequence(Third))
                writer.WriteOctetString(_keyHash);
            WriteTime(writer, answer.ThisUpdate);
            using (writer.PushSequence())
            {
                foreach (var entry in answer.Entries)
                    WriteEntry(writer, entry, answer);
            }

            // RFC 9654 §2.1: the same octets, in the responseExtensions.
            if (answer.Nonce is { } nonce)
            {
                using (writer.PushSequence(Second))
                using (writer.PushSequence())
                    WriteExtension(writer, OcspOid.Nonce, nonce.Span);
            }
        }
    }

    private void WriteEntry(AsnWriter writer, OcspEntry entry, OcspAnswer answer)
    {
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(entry.CertId.Span);
            WriteStatus(writer, entry);
            WriteTime(writer, answer.ThisUpdate);

            // RFC 9919 §3.2.4: always there, so that a client can tell an old answer.
            using (writer.PushSequence(First))
                WriteTime(writer, answer.NextUpdate);
            if (!entry.HasEnded)
                return;
            using (writer.PushSequence(Second))
            using (writer.PushSequence())
                WriteExtension(writer, OcspOid.ArchiveCutoff, _archiveCutoff);
        }
    }

    private static void WriteStatus(AsnWriter writer, OcspEntry entry)
    {
        switch (entry.Status)
        {
            case CertificateStatus.Good:
                writer.WriteNull(First);
                return;
            case CertificateStatus.Unknown:
                writer.WriteNull(Third);
                return;
            case CertificateStatus.Revoked:
                using (writer.PushSequence(Second))
                {
                    WriteTime(writer, entry.RevokedAt!.Value);
                    if (entry.Reason is not { } reason)
                        return;
                    using (writer.PushSequence(First))
                        writer.WriteEncodedValue([(byte)UniversalTagNumber.Enumerated, 1, (byte)reason]);
                }

                return;
            default:
                throw new InvalidOperationException($"{entry.Status} is no status.");
        }
    }

    private static void WriteExtension(AsnWriter writer, string oid, ReadOnlySpan<byte> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            writer.WriteOctetString(value);
        }
    }

    private static byte[] ArchiveCutoff(DateTimeOffset since)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 32);
        WriteTime(writer, since);
        return writer.Encode();
    }

    // RFC 9919 §3.2.4: GeneralizedTime in UTC, with seconds, without fractions.
    private static void WriteTime(AsnWriter writer, DateTimeOffset time) =>
        writer.WriteGeneralizedTime(time.ToUniversalTime(), omitFractionalSeconds: true);
}
