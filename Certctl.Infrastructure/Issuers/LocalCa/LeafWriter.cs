using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// Writes a leaf certificate field by field in the order of RFC 5280 §4.1. What never changes for this CA is encoded once.
/// </summary>
internal sealed class LeafWriter
{
    // RFC 5280 §4.2.1.9: cA is DEFAULT FALSE, so an empty SEQUENCE says "not a CA".
    private static readonly byte[] NotACa = [0x30, 0x00];

    // RFC 5280 §4.1.2.5: UTCTime through 2049.
    private static readonly DateTimeOffset FirstGeneralizedTime = new(2050, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // AlgorithmIdentifier { rsaEncryption, NULL }
    private static readonly byte[] RsaEncryption = Convert.FromHexString("300D06092A864886F70D0101010500");

    private readonly CaSigner _signer;
    private readonly byte[] _issuer;
    private readonly IReadOnlyList<byte[]> _constantExtensions;
    private readonly Func<string, IReadOnlyList<byte[]>> _extensionsOfPartition;
    private readonly byte[]? _tlsFeature;
    private readonly byte[] _tlsFeatureWithStapling;

    public LeafWriter(X509Certificate2 ca, CaSigner signer, LocalCaSettings settings)
    {
        _signer = signer;
        _issuer = ca.SubjectName.RawData;
        var urls = settings.UrlsOf(ca);
        _constantExtensions = LeafExtensions.ConstantFor(ca, urls);
        _extensionsOfPartition = partition => LeafExtensions.ConstantFor(ca, urls with { Crls = [partition], Freshest = null });

        (_tlsFeature, _tlsFeatureWithStapling) = (TlsFeature.Below(ca, mustStaple: false), TlsFeature.Below(ca, mustStaple: true)!);
    }

    /// <param name="partition">The one URL of its cRLDistributionPoints; null: those of the CA.</param>
    public byte[] Write(
        CertificateTemplate template, ReadOnlySpan<byte> serial, DateTimeOffset notBefore, DateTimeOffset notAfter, string? partition)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 2048);
        WriteToBeSigned(
            writer, template, serial, (notBefore, notAfter), partition is null ? _constantExtensions : _extensionsOfPartition(partition));
        return _signer.Seal(writer.Encode());
    }

    private void WriteToBeSigned(
        AsnWriter writer,
        CertificateTemplate template,
        ReadOnlySpan<byte> serial,
        (DateTimeOffset NotBefore, DateTimeOffset NotAfter) validity,
        IReadOnlyList<byte[]> ofCa)
    {
        using (writer.PushSequence())
        {
            // version v3(2)
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                writer.WriteInteger(2);

            // serialNumber
            writer.WriteIntegerUnsigned(TrimLeadingZeros(serial));

            // signature
            writer.WriteEncodedValue(_signer.AlgorithmIdentifier.Span);

            // issuer: the octets of the CA's subject
            writer.WriteEncodedValue(_issuer);

            // validity
            using (writer.PushSequence())
            {
                WriteTime(writer, validity.NotBefore);
                WriteTime(writer, validity.NotAfter);
            }

            // subject
            writer.WriteEncodedValue(template.Subject.Der.Span);

            // subjectPublicKeyInfo
            WritePublicKey(writer, template.PublicKey);

            // extensions
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (writer.PushSequence())
                WriteExtensions(writer, template, ofCa);
        }
    }

    // RFC 3279 §2.3.1: the parameters of rsaEncryption are NULL. Devices leave them out,
    // and strict readers of the certificate would refuse it then.
    private static void WritePublicKey(AsnWriter writer, PublicKeyInfo key)
    {
        if (key.Algorithm != KeyAlgorithm.Rsa || key.Der.Span.IndexOf(RsaEncryption) >= 0)
        {
            writer.WriteEncodedValue(key.Der.Span);
            return;
        }

        var numbers = new AsnWriter(AsnEncodingRules.DER);
        using (numbers.PushSequence())
        {
            numbers.WriteIntegerUnsigned(key.Modulus.Span);
            numbers.WriteIntegerUnsigned(key.Exponent.Span);
        }

        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(RsaEncryption);
            writer.WriteBitString(numbers.Encode());
        }
    }

    private void WriteExtensions(AsnWriter writer, CertificateTemplate template, IReadOnlyList<byte[]> ofCa)
    {
        LeafExtensions.Write(writer, "2.5.29.19", critical: true, NotACa);
        LeafExtensions.WriteKeyUsage(writer, template.KeyUsage);
        LeafExtensions.WriteExtendedKeyUsage(writer, template.ExtendedKeyUsages, template.ExtendedKeyUsageIsCritical);
        LeafExtensions.WriteSubjectKeyIdentifier(writer, template.PublicKey.Der);
        foreach (var extension in ofCa)
            writer.WriteEncodedValue(extension);
        if (template.SubjectAltNames.Count > 0)
            LeafExtensions.WriteSubjectAltNames(writer, template.SubjectAltNames, critical: template.Subject.IsEmpty);
        if ((template.MustStaple ? _tlsFeatureWithStapling : _tlsFeature) is { } feature)
            LeafExtensions.Write(writer, TlsFeature.Oid, critical: false, feature);
    }

    private static ReadOnlySpan<byte> TrimLeadingZeros(ReadOnlySpan<byte> serial) => serial.TrimStart((byte)0);

    /// <summary>Time (RFC 5280 §4.1.2.5), in whole seconds.</summary>
    public static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time < FirstGeneralizedTime)
            writer.WriteUtcTime(time.ToUniversalTime());
        else
            writer.WriteGeneralizedTime(time.ToUniversalTime(), omitFractionalSeconds: true);
    }
}
