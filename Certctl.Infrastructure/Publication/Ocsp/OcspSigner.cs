using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication.Ocsp;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <summary>
/// Signs OCSP answers with a P-256 key (RFC 6960 §4.2.1). What stays the same is encoded once, the rest on the stack, from its end to its
/// beginning: beside the signature nothing of an answer takes long, and nothing is allocated but the response.
/// </summary>
/// <param name="archivedSince">What is known of certificates that ended is kept since then.</param>
internal sealed class OcspSigner(ECDsa key, X509Certificate2 certificate, DateTimeOffset archivedSince) : IOcspSigner
{
    /// <summary>Larger answers, to many CertIDs, are written on the heap.</summary>
    private const int StackOctets = 2048;

    /// <summary>Of an entry beside its CertID, and of a response beside its entries, nonce and certificate; with reserve.</summary>
    private const int MaxEntryOctets = 160;
    private const int MaxFrameOctets = 256;

    // r and s, each of 32 octets. The platform makes DER of these too, in two microseconds and 1,300 octets.
    private const int SignatureOctets = 64;

    // AlgorithmIdentifier { ecdsa-with-SHA256 }, without parameters (RFC 5758 §3.2).
    private static readonly byte[] EcdsaWithSha256 = Convert.FromHexString("300A06082A8648CE3D040302");
    private static readonly byte[] Basic = Oid(OcspOid.Basic);
    private static readonly byte[] Nonce = Oid(OcspOid.Nonce);
    private static readonly byte[] InvalidityDate = Oid(OcspOid.InvalidityDate);

    // RFC 9919 §3.2.2 wants byKey: [2] { KeyHash }.
    private readonly byte[] _responderId = Encode(128, (ref writer) =>
    {
        writer.Write(CryptographicOperations.HashData(
            HashAlgorithmName.SHA1, IssuerHashes.KeyOctets(key.ExportSubjectPublicKeyInfo()).Span));
        writer.Enclose(DerTag.OctetString);
        writer.Enclose(DerTag.ContextConstructed(2));
    });

    // RFC 6960 §4.2.2.2: relying parties have the CA's certificate, and need this one: [0] { SEQUENCE OF Certificate }.
    private readonly byte[] _certificates = Encode(certificate.RawDataMemory.Length + 16, (ref writer) =>
    {
        writer.Write(certificate.RawDataMemory.Span);
        writer.Enclose(DerTag.Sequence);
        writer.Enclose(DerTag.ContextConstructed(0));
    });

    private readonly byte[] _archiveCutoff = Encode(128, (ref writer) =>
    {
        WriteTime(ref writer, archivedSince);
        EncloseExtension(ref writer, Oid(OcspOid.ArchiveCutoff));
    });

    private delegate void Write(ref DerBackwardWriter writer);

    public ECDsa Key => key;

    public X509Certificate2 Certificate => certificate;

    public string SerialNumber { get; } = certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0');

    public string Subject => certificate.Subject;

    public DateTimeOffset NotBefore { get; } = certificate.NotBefore.ToUniversalTime();

    public DateTimeOffset NotAfter { get; } = certificate.NotAfter.ToUniversalTime();

    public byte[] Sign(OcspAnswer answer)
    {
        var size = MaxFrameOctets + (answer.Nonce?.Length ?? 0);
        foreach (var entry in answer.Entries)
            size += MaxEntryOctets + entry.CertId.Length;
        var data = new DerBackwardWriter(size <= StackOctets ? stackalloc byte[size] : new byte[size]);
        WriteResponseData(ref data, answer);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> signature = stackalloc byte[SignatureOctets];
        SHA256.HashData(data.Written, hash);
        if (!key.TrySignHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out var written)
            || written != SignatureOctets)
            throw new CryptographicException("The key of the OCSP responder made no P-256 signature.");

        size += _certificates.Length;
        var response = new DerBackwardWriter(size <= StackOctets ? stackalloc byte[size] : new byte[size]);
        WriteResponse(ref response, data.Written, signature);
        return response.Written.ToArray();
    }

    private void WriteResponse(ref DerBackwardWriter writer, scoped ReadOnlySpan<byte> responseData, scoped ReadOnlySpan<byte> signature)
    {
        writer.Write(_certificates);
        var since = writer.Length;

        // RFC 3279 §2.2.3: SEQUENCE { r, s }, in a BIT STRING without unused bits.
        writer.WriteUnsignedInteger(signature[(SignatureOctets / 2)..]);
        writer.WriteUnsignedInteger(signature[..(SignatureOctets / 2)]);
        writer.Enclose(DerTag.Sequence, since);
        writer.Write([0]);
        writer.Enclose(DerTag.BitString, since);
        writer.Write(EcdsaWithSha256);
        writer.Write(responseData);
        writer.Enclose(DerTag.Sequence);
        writer.Enclose(DerTag.OctetString);
        writer.Write(Basic);
        writer.Enclose(DerTag.Sequence);
        writer.Enclose(DerTag.ContextConstructed(0));

        // responseStatus successful(0)
        writer.Write([0x0A, 0x01, 0x00]);
        writer.Enclose(DerTag.Sequence);
    }

    private void WriteResponseData(ref DerBackwardWriter writer, OcspAnswer answer)
    {
        Span<byte> thisUpdate = stackalloc byte[DerTime.MaxOctets];
        DerTime.WriteGeneralized(thisUpdate, answer.ThisUpdate);

        // RFC 9654 §2.1: the same octets, in the responseExtensions.
        if (answer.Nonce is { } nonce)
        {
            writer.Write(nonce.Span);
            EncloseExtension(ref writer, Nonce);
            EncloseExtensions(ref writer);
        }

        var since = writer.Length;
        for (var i = answer.Entries.Count - 1; i >= 0; i--)
            WriteEntry(ref writer, answer.Entries[i], thisUpdate, answer.NextUpdate);
        writer.Enclose(DerTag.Sequence, since);

        // producedAt; version is DEFAULT v1, which DER leaves out.
        writer.Write(thisUpdate);
        writer.Write(_responderId);
        writer.Enclose(DerTag.Sequence);
    }

    private void WriteEntry(
        ref DerBackwardWriter writer, OcspEntry entry, scoped ReadOnlySpan<byte> thisUpdate, DateTimeOffset nextUpdate)
    {
        var since = writer.Length;
        WriteExtensions(ref writer, entry);

        // RFC 9919 §3.2.4: nextUpdate is always there, so that a client can tell an old answer.
        var behind = writer.Length;
        WriteTime(ref writer, nextUpdate);
        writer.Enclose(DerTag.ContextConstructed(0), behind);
        writer.Write(thisUpdate);
        WriteStatus(ref writer, entry);
        writer.Write(entry.CertId.Span);
        writer.Enclose(DerTag.Sequence, since);
    }

    private void WriteExtensions(ref DerBackwardWriter writer, OcspEntry entry)
    {
        var since = writer.Length;

        // RFC 6960 §4.4.5: the extensions of CRL entries stand here too; RFC 5280 §5.3.2: invalidityDate.
        if (entry.InvalidSince is { } invalidSince)
        {
            WriteTime(ref writer, invalidSince);
            EncloseExtension(ref writer, InvalidityDate, since);
        }

        if (entry.HasEnded)
            writer.Write(_archiveCutoff);
        if (writer.Length > since)
            EncloseExtensions(ref writer, since);
    }

    private static void WriteStatus(ref DerBackwardWriter writer, OcspEntry entry)
    {
        switch (entry.Status)
        {
            case CertificateStatus.Good:
                writer.Write([DerTag.Context(0), 0]);
                return;
            case CertificateStatus.Unknown:
                writer.Write([DerTag.Context(2), 0]);
                return;
            case CertificateStatus.Revoked:
                var since = writer.Length;
                if (entry.Reason is { } reason)
                    writer.Write([DerTag.ContextConstructed(0), 3, (byte)UniversalTagNumber.Enumerated, 1, (byte)reason]);
                WriteTime(ref writer, entry.RevokedAt!.Value);
                writer.Enclose(DerTag.ContextConstructed(1), since);
                return;
            default:
                throw new InvalidOperationException($"{entry.Status} is no status.");
        }
    }

    // RFC 9919 §3.2.4: GeneralizedTime in UTC, with seconds, without fractions.
    private static void WriteTime(ref DerBackwardWriter writer, DateTimeOffset time)
    {
        Span<byte> octets = stackalloc byte[DerTime.MaxOctets];
        writer.Write(octets[..DerTime.WriteGeneralized(octets, time)]);
    }

    // What was written since is the value: SEQUENCE { extnID, extnValue }, not critical.
    private static void EncloseExtension(ref DerBackwardWriter writer, byte[] oid, int since = 0)
    {
        writer.Enclose(DerTag.OctetString, since);
        writer.Write(oid);
        writer.Enclose(DerTag.Sequence, since);
    }

    // singleExtensions and responseExtensions alike: [1] { SEQUENCE OF Extension }.
    private static void EncloseExtensions(ref DerBackwardWriter writer, int since = 0)
    {
        writer.Enclose(DerTag.Sequence, since);
        writer.Enclose(DerTag.ContextConstructed(1), since);
    }

    private static byte[] Oid(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return writer.Encode();
    }

    private static byte[] Encode(int maxOctets, Write write)
    {
        var writer = new DerBackwardWriter(new byte[maxOctets]);
        write(ref writer);
        return writer.Written.ToArray();
    }
}
