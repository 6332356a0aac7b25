using System.Security.Cryptography;
using Certctl.Application.Est.ServerKeys;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>
/// Signs that a key was made here: AsymmetricKeyPackage (RFC 5958 §2) in a SignedData, with a certificate that the CA gave this process
/// for that.
/// </summary>
internal sealed class KeyPackageSigner
{
    private readonly ECDsa _key;
    private readonly byte[] _certificate;
    private readonly byte[] _issuerAndSerialNumber;

    /// <param name="key">On P-256.</param>
    /// <param name="certificate">DER.</param>
    public KeyPackageSigner(ECDsa key, byte[] certificate)
    {
        if (!CertificateReader.TryRead(certificate, out var read, out var defect))
            throw new InvalidOperationException($"The certificate that a CA gave for making keys cannot be read: {defect}.");
        (_key, _certificate) = (key, certificate);
        Certificate = new KeyGenerationCertificate(
            read!.Subject.ToString(), Convert.ToHexStringLower(read.SerialNumber.Span).PadLeft(40, '0'), read.NotAfter);
        _issuerAndSerialNumber = SignedDataWriter.IssuerAndSerialNumber(read);
    }

    public KeyGenerationCertificate Certificate { get; }

    public DateTimeOffset NotAfter => Certificate.NotAfter;

    // id-ct-KP-aKeyPackage, 2.16.840.1.101.2.1.2.78.5.
    private static ReadOnlySpan<byte> KeyPackage => [0x06, 0x0A, 0x60, 0x86, 0x48, 0x01, 0x65, 0x02, 0x01, 0x02, 0x4E, 0x05];

    // ecdsa-with-SHA256, 1.2.840.10045.4.3.2, without parameters (RFC 5758 §3.2).
    private static ReadOnlySpan<byte> EcdsaWithSha256 => [0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];

    /// <param name="writer">One that holds secrets.</param>
    /// <param name="pkcs8">OneAsymmetricKey, which PrivateKeyInfo is the first version of.</param>
    public void Write(DerWriter writer, ReadOnlySpan<byte> pkcs8)
    {
        using var package = new DerWriter(pkcs8.Length + 16, holdsSecrets: true);
        package.Write(DerTag.Sequence, pkcs8);

        // RFC 5652 §6.1: what is encrypted is content of the type id-signedData, a SignedData (§5.1) without a ContentInfo around it.
        using (writer.Open(DerTag.Sequence))
        {
            // RFC 5652 §5.1: version 3 for content other than data.
            writer.WriteEncoded([DerTag.Integer, 1, 3]);
            using (writer.Open(DerTag.Set))
                WriteDigest(writer);
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(KeyPackage);
                using (writer.Open(DerTag.ContextConstructed(0)))
                    writer.Write(DerTag.OctetString, package.Written);
            }

            writer.Write(DerTag.ContextConstructed(0), _certificate);
            using (writer.Open(DerTag.Set))
                WriteSignerInfo(writer, SHA256.HashData(package.Written));
        }
    }

    private void WriteSignerInfo(DerWriter writer, byte[] digest)
    {
        using var attributes = new DerWriter(256);
        using (attributes.Open(DerTag.Set))
        {
            WriteAttribute(attributes, CmsOid.ContentType, KeyPackage);
            WriteAttribute(attributes, CmsOid.MessageDigest, [DerTag.OctetString, SHA256.HashSizeInBytes, .. digest]);
        }

        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded([DerTag.Integer, 1, 1]);
            writer.WriteEncoded(_issuerAndSerialNumber);
            WriteDigest(writer);

            // RFC 5652 §5.4: signed as a SET OF, sent as [0].
            var signature = _key.SignData(attributes.Written, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            var implicitly = attributes.ToArray();
            implicitly[0] = DerTag.ContextConstructed(0);
            writer.WriteEncoded(implicitly);
            writer.WriteEncoded(EcdsaWithSha256);
            writer.Write(DerTag.OctetString, signature);
        }
    }

    // X.690 §11.6: the SET is sorted by its encodings, and contentType is the shorter one, so its length octet comes first.
    private static void WriteAttribute(DerWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> value)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(type);
            writer.Write(DerTag.Set, value);
        }
    }

    private static void WriteDigest(DerWriter writer)
    {
        using (writer.Open(DerTag.Sequence))
            writer.WriteEncoded(MessageDigest.Sha256.EncodedOid);
    }
}
