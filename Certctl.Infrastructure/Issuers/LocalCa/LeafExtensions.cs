using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>The extensions of a leaf (RFC 5280 §4.2), each written by the rule that governs it.</summary>
internal static class LeafExtensions
{
    private const int KeyUsageBits = 9;

    /// <summary>
    /// authorityKeyIdentifier, cRLDistributionPoints and authorityInfoAccess: the same in every certificate of a CA, each as DER.
    /// </summary>
    public static IReadOnlyList<byte[]> ConstantFor(X509Certificate2 ca, StatusUrls urls)
    {
        List<byte[]> extensions = [EncodeAuthorityKeyIdentifier(ca)];
        if (urls.Crls.Count > 0)
            extensions.Add(Encode("2.5.29.31", DistributionPoints(urls.Crls)));

        // RFC 5280 §4.2.1.15: of the same form, not critical.
        if (urls.Freshest is { } freshest)
            extensions.Add(Encode("2.5.29.46", DistributionPoints([freshest])));
        if (urls.Ocsp is not null || urls.CaIssuers is not null)
            extensions.Add(Encode("1.3.6.1.5.5.7.1.1", AuthorityInfoAccess(urls)));
        return extensions;
    }

    /// <summary>The whole authorityKeyIdentifier extension of what this CA signs.</summary>
    public static byte[] EncodeAuthorityKeyIdentifier(X509Certificate2 ca)
    {
        var authority = new AsnWriter(AsnEncodingRules.DER);
        using (authority.PushSequence())
            authority.WriteOctetString(AuthorityKeyIdentifier(ca), new Asn1Tag(TagClass.ContextSpecific, 0));
        return Encode("2.5.29.35", authority.Encode());
    }

    public static void Write(AsnWriter writer, string oid, bool critical, ReadOnlySpan<byte> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (critical)
                writer.WriteBoolean(true);
            writer.WriteOctetString(value);
        }
    }

    public static void WriteKeyUsage(AsnWriter writer, KeyUsages usage)
    {
        // RFC 5280 §4.2.1.3: bit 0 is the most significant of the first octet; trailing zero bits are left out (X.690 §11.2.2).
        Span<byte> bits = stackalloc byte[2];
        var last = 0;
        for (var bit = 0; bit < KeyUsageBits; bit++)
        {
            if (((int)usage & (1 << bit)) == 0)
                continue;
            bits[bit / 8] |= (byte)(0x80 >> (bit % 8));
            last = bit;
        }

        var value = new AsnWriter(AsnEncodingRules.DER);
        value.WriteBitString(bits[..((last / 8) + 1)], unusedBitCount: 7 - (last % 8));
        Write(writer, "2.5.29.15", critical: true, value.Encode());
    }

    public static void WriteExtendedKeyUsage(AsnWriter writer, IReadOnlyList<string> oids, bool critical)
    {
        var value = new AsnWriter(AsnEncodingRules.DER);
        using (value.PushSequence())
        {
            foreach (var oid in oids)
                value.WriteObjectIdentifier(oid);
        }

        Write(writer, "2.5.29.37", critical, value.Encode());
    }

    public static void WriteSubjectKeyIdentifier(AsnWriter writer, ReadOnlyMemory<byte> publicKeyDer)
    {
        var value = new AsnWriter(AsnEncodingRules.DER);
        value.WriteOctetString(KeyIdentifier(publicKeyDer));
        Write(writer, "2.5.29.14", critical: false, value.Encode());
    }

    // RFC 5280 §4.2.1.6: critical exactly when there is no subject. The names keep the octets that were vetted.
    public static void WriteSubjectAltNames(AsnWriter writer, IReadOnlyList<SubjectAltName> names, bool critical)
    {
        var value = new AsnWriter(AsnEncodingRules.DER);
        using (value.PushSequence())
        {
            foreach (var name in names)
                value.WriteEncodedValue(name.Der.Span);
        }

        Write(writer, "2.5.29.17", critical, value.Encode());
    }

    /// <summary>
    /// RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key's BIT STRING, without its tag, length and unused bits.
    /// </summary>
    public static byte[] KeyIdentifier(ReadOnlyMemory<byte> publicKeyDer)
    {
        var reader = new DerReader(publicKeyDer);
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryRead(DerTag.Sequence, out _) || !fields.TryReadOctetsInBitString(out var key))
            throw new InvalidOperationException("A vetted public key is no SubjectPublicKeyInfo.");
        return SHA256.HashData(key.Span)[..20];
    }

    private static byte[] Encode(string oid, ReadOnlySpan<byte> value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        Write(writer, oid, critical: false, value);
        return writer.Encode();
    }

    /// <summary>RFC 5280 §4.2.1.1: the issuer's own subjectKeyIdentifier, whatever method made it.</summary>
    public static byte[] AuthorityKeyIdentifier(X509Certificate2 ca) =>
        ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } own
            ? own.SubjectKeyIdentifierBytes.ToArray()
            : KeyIdentifier(ca.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>RFC 5280 §4.2.1.13: each URL is a distribution point of its own, fullName alone.</summary>
    public static byte[] DistributionPoints(IReadOnlyList<string> urls)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var url in urls)
                writer.WriteEncodedValue(DistributionPoint(url));
        }

        return writer.Encode();
    }

    public static byte[] DistributionPoint(string url)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            writer.WriteCharacterString(UniversalTagNumber.IA5String, url, new Asn1Tag(TagClass.ContextSpecific, 6));
        return writer.Encode();
    }

    // RFC 5280 §4.2.2.1.
    private static byte[] AuthorityInfoAccess(StatusUrls urls)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            WriteAccess("1.3.6.1.5.5.7.48.1", urls.Ocsp);
            WriteAccess("1.3.6.1.5.5.7.48.2", urls.CaIssuers);
        }

        return writer.Encode();

        void WriteAccess(string method, string? url)
        {
            if (url is null)
                return;
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(method);
                writer.WriteCharacterString(UniversalTagNumber.IA5String, url, new Asn1Tag(TagClass.ContextSpecific, 6));
            }
        }
    }
}
