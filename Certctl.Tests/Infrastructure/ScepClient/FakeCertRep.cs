using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>A CertRep written by hand: SignedCms cannot make one without content, nor one with a defect.</summary>
internal sealed class FakeCertRep(SeenRequest request, Defect defect)
{
    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly byte[] OurNonce = RandomNumberGenerator.GetBytes(16);

    public byte[] Pending() => Encode("3", [], null, null);

    public byte[] Final() => defect switch
    {
        Defect.Failure => Encode("2", [], "2", "challenge password is wrong"),
        Defect.FailureWithoutContent => Encode("2", null, "1", null),
        Defect.FailureWithControlCharacters => Encode("2", [], "2", "no\u001b[2Jway\nissued"),
        Defect.SuccessWithoutContent => Encode("0", [], null, null),
        Defect.UnknownStatus => Encode("1", [], null, null),
        _ => Encode("0", Envelope(), null, null),
    };

    private byte[] Envelope()
    {
        var bag = new X509Certificate2Collection(new[] { Issue(), X509CertificateLoader.LoadCertificate(FakePki.Ca.RawData) });
        var envelope = new EnvelopedCms(
            new ContentInfo(bag.Export(X509ContentType.Pkcs7)!), new AlgorithmIdentifier(new Oid(request.Cipher)));
        envelope.Encrypt(new CmsRecipient(defect == Defect.EncryptedToAnother ? FakePki.Stranger : request.Signer));
        return envelope.Encode();
    }

    private X509Certificate2 Issue()
    {
        if (defect == Defect.OldCertificateAgain)
            return X509CertificateLoader.LoadCertificate(request.Signer.RawData);
        var (subject, key, alternatives) = Asked();
        if (defect == Defect.OtherSubject)
            subject = new X500DistinguishedName("CN=renamed by policy");
        if (defect == Defect.WrongKey)
            key = new PublicKey(FakePki.StrangerKey);
        var (issuer, issuerKey) = defect == Defect.ForeignCa ? (FakePki.Stranger, FakePki.StrangerKey) : (FakePki.Ca, FakePki.CaKey);
        return FakePki.Make(subject, key, issuer.SubjectName, issuerKey, X509KeyUsageFlags.DigitalSignature, isCa: defect == Defect.CaLeaf,
            firstDay: -3, lastDay: defect == Defect.ExpiredLeaf ? -1 : 90, alternatives: alternatives);
    }

    private (X500DistinguishedName Subject, PublicKey Key, X509Extension? Alternatives) Asked()
    {
        // A poll carries no request; the signer has the same key and subject.
        if (request.MessageType == "20")
            return (request.Signer.SubjectName, request.Signer.PublicKey, null);
        var csr = CertificateRequest.LoadSigningRequest(
            request.Content,
            HashAlgorithmName.SHA256,
            CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions,
            RSASignaturePadding.Pkcs1);
        return (csr.SubjectName, csr.PublicKey, csr.CertificateExtensions.FirstOrDefault(extension => extension.Oid!.Value == "2.5.29.17"));
    }

    private byte[] Encode(string status, byte[]? content, string? failInfo, string? failInfoText)
    {
        var (signer, key) = defect switch
        {
            Defect.SignedByStranger => (FakePki.Stranger, FakePki.StrangerKey),
            Defect.SignedByLookalike => (Lookalike(), FakePki.StrangerKey),
            _ => (FakePki.Ra, FakePki.RaKey),
        };
        var digest = defect == Defect.Md5Digest ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256;
        var digestOid = defect == Defect.Md5Digest ? "1.2.840.113549.2.5" : "2.16.840.1.101.3.4.2.1";
        var attributes = Attributes(status, CryptographicOperations.HashData(digest, content ?? []), failInfo, failInfoText);
        var signature = key.SignData(attributes, digest, RSASignaturePadding.Pkcs1);
        if (defect == Defect.BrokenSignature)
            signature[^1] ^= 1;

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.7.2");
            using (writer.PushSequence(Context0))
                SignedData(writer, content, signer, attributes, signature, digestOid);
        }

        return writer.Encode();
    }

    private void SignedData(
        AsnWriter writer, byte[]? content, X509Certificate2 signer, byte[] attributes, byte[] signature, string digestOid)
    {
        using var data = writer.PushSequence();
        writer.WriteInteger(1);
        using (writer.PushSetOf())
            Algorithm(writer, digestOid);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.7.1");
            if (content is not null)
            {
                using (writer.PushSequence(Context0))
                    writer.WriteOctetString(content);
            }
        }

        if (defect != Defect.NoSignerCertificate)
        {
            using (writer.PushSetOf(Context0))
                writer.WriteEncodedValue(signer.RawData);
        }

        using (writer.PushSetOf())
        {
            for (var i = 0; i < (defect == Defect.TwoSigners ? 2 : 1); i++)
                SignerInfo(writer, signer, attributes, signature, digestOid);
        }
    }

    private static void SignerInfo(AsnWriter writer, X509Certificate2 signer, byte[] attributes, byte[] signature, string digestOid)
    {
        using var info = writer.PushSequence();
        writer.WriteInteger(1);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signer.IssuerName.RawData);
            writer.WriteInteger(signer.SerialNumberBytes.Span);
        }

        Algorithm(writer, digestOid);
        // SET OF becomes [0] IMPLICIT on the wire (RFC 5652 §5.4).
        var tagged = attributes.ToArray();
        tagged[0] = 0xA0;
        writer.WriteEncodedValue(tagged);
        Algorithm(writer, "1.2.840.113549.1.1.1");
        writer.WriteOctetString(signature);
    }

    private byte[] Attributes(string status, byte[] digest, string? failInfo, string? failInfoText)
    {
        var nonce = request.SenderNonce.ToArray();
        if (defect == Defect.WrongNonce)
            nonce[0] ^= 1;
        if (defect == Defect.BrokenDigest)
            digest[0] ^= 1;
        var transaction = defect == Defect.WrongTransaction ? "0000" + request.TransactionId[4..] : request.TransactionId;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        {
            Attribute(writer, "1.2.840.113549.1.9.3", w => w.WriteObjectIdentifier("1.2.840.113549.1.7.1"));
            Attribute(writer, "1.2.840.113549.1.9.4", w => w.WriteOctetString(digest));
            Printable(writer, "2", defect == Defect.WrongMessageType ? "19" : "3");
            Printable(writer, "3", status);
            if (defect == Defect.DuplicateAttribute)
                Printable(writer, "3", "2");
            if (failInfo is not null)
                Printable(writer, "4", failInfo);
            Attribute(writer, "2.16.840.1.113733.1.9.5", w => w.WriteOctetString(OurNonce));
            Attribute(writer, "2.16.840.1.113733.1.9.6", w => w.WriteOctetString(nonce));
            Printable(writer, "7", transaction);
            if (failInfoText is not null)
                Attribute(writer, "1.3.6.1.5.5.7.24.1", w => w.WriteCharacterString(UniversalTagNumber.UTF8String, failInfoText));
        }

        return writer.Encode();
    }

    private static void Printable(AsnWriter writer, string arc, string text) =>
        Attribute(writer, "2.16.840.1.113733.1.9." + arc, w => w.WriteCharacterString(UniversalTagNumber.PrintableString, text));

    private static void Attribute(AsnWriter writer, string oid, Action<AsnWriter> value)
    {
        using var attribute = writer.PushSequence();
        writer.WriteObjectIdentifier(oid);
        using var values = writer.PushSetOf();
        value(writer);
    }

    private static void Algorithm(AsnWriter writer, string oid)
    {
        using var algorithm = writer.PushSequence();
        writer.WriteObjectIdentifier(oid);
        writer.WriteNull();
    }

    // Issuer and serial of the RA, but another key.
    private static X509Certificate2 Lookalike() =>
        FakePki.Make(FakePki.Ra.SubjectName, new PublicKey(FakePki.StrangerKey), FakePki.Ca.SubjectName, FakePki.StrangerKey,
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, serial: FakePki.Ra.SerialNumberBytes.ToArray());
}
