using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>What this process signs in the name of a CA, with a key of its own.</summary>
/// <param name="Name">The beginning of the common name.</param>
/// <param name="Purpose">OID of the extended key usage.</param>
/// <param name="Unrevocable">OID of the extension, NULL, that says that there is no revocation information.</param>
internal sealed record Delegation(string Name, string Purpose, string Unrevocable)
{
    /// <summary>
    /// RFC 6960 §4.2.2.2.1: not to be checked for revocation, since it is short-lived. So it needs no URLs for that (RFC 9919 §3.2.2).
    /// </summary>
    public static readonly Delegation OcspResponder = new("OCSP responder", "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.48.1.5");

    /// <summary>id-kp-cmKGA (RFC 9480 §2.2), noRevAvail (RFC 9608 §2).</summary>
    public static readonly Delegation KeyGeneration = new("Key generation", "1.3.6.1.5.5.7.3.32", "2.5.29.56");
}

/// <summary>
/// Writes the certificate of an OCSP responder (RFC 6960 §4.2.2.2), which only says what this CA has issued, or of another delegate.
/// </summary>
internal sealed class ResponderWriter(X509Certificate2 ca, SubjectName caName, CaSigner signer, Delegation delegation)
{
    private const string CommonName = "2.5.4.3";

    // RFC 5280 appendix A.1, ub-common-name.
    private const int MaxCommonName = 64;

    private static readonly byte[] NotACa = [0x30, 0x00];
    private static readonly byte[] Null = [0x05, 0x00];

    private readonly SubjectName _subject = SubjectOf(caName, delegation.Name);

    public byte[] Write(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> serial, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 1024);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                writer.WriteInteger(2);
            writer.WriteIntegerUnsigned(serial.TrimStart((byte)0));
            writer.WriteEncodedValue(signer.AlgorithmIdentifier.Span);
            writer.WriteEncodedValue(ca.SubjectName.RawData);
            using (writer.PushSequence())
            {
                LeafWriter.WriteTime(writer, notBefore);
                LeafWriter.WriteTime(writer, notAfter);
            }

            writer.WriteEncodedValue(_subject.Der.Span);
            writer.WriteEncodedValue(publicKey);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (writer.PushSequence())
                WriteExtensions(writer, publicKey.ToArray());
        }

        return signer.Seal(writer.Encode());
    }

    private void WriteExtensions(AsnWriter writer, ReadOnlyMemory<byte> publicKey)
    {
        LeafExtensions.Write(writer, "2.5.29.19", critical: true, NotACa);
        LeafExtensions.WriteKeyUsage(writer, KeyUsages.DigitalSignature);
        LeafExtensions.WriteExtendedKeyUsage(writer, [delegation.Purpose], critical: false);
        LeafExtensions.WriteSubjectKeyIdentifier(writer, publicKey);
        writer.WriteEncodedValue(LeafExtensions.EncodeAuthorityKeyIdentifier(ca));
        LeafExtensions.Write(writer, delegation.Unrevocable, critical: false, Null);
        if (TlsFeature.Below(ca, mustStaple: false) is { } feature)
            LeafExtensions.Write(writer, TlsFeature.Oid, critical: false, feature);
    }

    // Below the CA's own name, so that name constraints of the CAs above permit it as they permit the CA.
    private static SubjectName SubjectOf(SubjectName ca, string role)
    {
        var name = ca.CommonName is { } common ? $"{role} of {common}" : role;
        if (name.Length > MaxCommonName)
            name = name[..(char.IsHighSurrogate(name[MaxCommonName - 1]) ? MaxCommonName - 1 : MaxCommonName)];
        return SubjectName.Of(
        [
            .. ca.Rdns.Where(rdn => !rdn.Any(attribute => attribute.Oid == CommonName)),
            [NameAttribute.Of(CommonName, name)],
        ]);
    }
}
