using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>
/// A SCEP request written with the platform's ASN.1 writer, by another hand than the product's, with a switch for every defect. What is
/// left alone is right: a PKCSReq with AES-128, SHA-256 and PKCS#1 v1.5 from <see cref="ScepTestKeys"/>.
/// </summary>
internal sealed class ForgedRequest
{
    public const string DataOid = "1.2.840.113549.1.7.1";
    public const string SignedDataOid = "1.2.840.113549.1.7.2";
    public const string EnvelopedDataOid = "1.2.840.113549.1.7.3";
    public const string RsaOid = "1.2.840.113549.1.1.1";
    public const string OaepOid = "1.2.840.113549.1.1.7";
    public const string ContentTypeOid = "1.2.840.113549.1.9.3";
    public const string MessageDigestOid = "1.2.840.113549.1.9.4";
    public const string MessageTypeOid = "2.16.840.1.113733.1.9.2";
    public const string SenderNonceOid = "2.16.840.1.113733.1.9.5";
    public const string TransactionIdOid = "2.16.840.1.113733.1.9.7";
    public const string Sha256Oid = "2.16.840.1.101.3.4.2.1";
    public const string Aes128Oid = "2.16.840.1.101.3.4.1.2";
    public static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);
    public static readonly byte[] Nonce = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private static readonly Asn1Tag Context0Constructed = new(TagClass.ContextSpecific, 0, isConstructed: true);

    // The envelope.
    public byte[] Plaintext { get; set; } = ScepTestKeys.Csr;

    public byte[] ContentKey { get; set; } = RandomNumberGenerator.GetBytes(16);

    public byte[] Iv { get; set; } = RandomNumberGenerator.GetBytes(16);

    public string CipherOid { get; set; } = Aes128Oid;

    public string InnerContentType { get; set; } = DataOid;

    public byte[]? Ciphertext { get; set; }

    public bool ChunkedCiphertext { get; set; }

    public X509Certificate2 Recipient { get; set; } = ScepTestKeys.Ra;

    public byte[]? EncryptedKey { get; set; }

    public byte[] KeyTransport { get; set; } = Der(w => WriteAlgorithm(w, RsaOid, withNull: true));

    public List<byte[]>? RecipientInfos { get; set; }

    /// <summary>Replaces the whole content.</summary>
    public byte[]? Content { get; set; }

    public bool OmitContent { get; set; }

    // The signature.
    public AsymmetricAlgorithm SignerKey { get; set; } = ScepTestKeys.Device;

    public X509Certificate2 SignerCertificate { get; set; } = ScepTestKeys.DeviceSelfSigned;

    public List<byte[]> Certificates { get; set; } = [ScepTestKeys.DeviceSelfSigned.RawData];

    public byte[]? SignerIdentifier { get; set; }

    public HashAlgorithmName Digest { get; set; } = HashAlgorithmName.SHA256;

    public string DigestOid { get; set; } = Sha256Oid;

    public string SignatureOid { get; set; } = RsaOid;

    public string OuterContentType { get; set; } = DataOid;

    public byte[]? MessageDigest { get; set; }

    public bool OmitSignedAttributes { get; set; }

    /// <summary>Attributes leave in the order of <see cref="Attributes"/>.</summary>
    public bool TransmitUnsorted { get; set; }

    /// <summary>And are signed in that order too.</summary>
    public bool SignUnsorted { get; set; }

    public int Signers { get; set; } = 1;

    public byte[]? UnsignedAttributes { get; set; }

    public Action<byte[]>? SpoilSignature { get; set; }

    /// <summary>Attributes in the order of transmission, each complete; edit before <see cref="Build"/>.</summary>
    public List<(string Type, byte[] Attribute)> Attributes { get; } =
    [
        (ContentTypeOid, Attribute(ContentTypeOid, Der(w => w.WriteObjectIdentifier(DataOid)))),
        (MessageTypeOid, Attribute(MessageTypeOid, Printable("19"))),
        (TransactionIdOid, Attribute(TransactionIdOid, Printable("TX-1"))),
        (SenderNonceOid, Attribute(SenderNonceOid, Octets(Nonce))),
    ];

    public ForgedRequest Replace(string type, params byte[][] values)
    {
        Attributes.RemoveAll(a => a.Type == type);
        Attributes.Add((type, Attribute(type, values)));
        return this;
    }

    public ForgedRequest Remove(string type)
    {
        Attributes.RemoveAll(a => a.Type == type);
        return this;
    }

    public ForgedRequest Repeat(string type)
    {
        Attributes.Add(Attributes.First(a => a.Type == type));
        return this;
    }

    public byte[] Build()
    {
        var content = OmitContent ? [] : Content ?? Envelope();
        if (!Attributes.Exists(a => a.Type == MessageDigestOid))
            Attributes.Add((
                MessageDigestOid, Attribute(MessageDigestOid, Octets(MessageDigest ?? CryptographicOperations.HashData(Digest, content)))));
        List<byte[]> unsorted = [.. Attributes.Select(a => a.Attribute)];
        var sorted = Sorted(unsorted);
        var signature = Sign(SignUnsorted ? unsorted : sorted);
        var attributes = TransmitUnsorted ? unsorted : sorted;
        SpoilSignature?.Invoke(signature);
        return Der(w => WriteContentInfo(w, SignedDataOid, () => WriteSignedData(w, content, attributes, signature)));
    }

    /// <summary>ContentInfo(EnvelopedData).</summary>
    public byte[] Envelope() => Der(w => WriteContentInfo(w, EnvelopedDataOid, () => WriteEnvelopedData(w)));

    public void WriteEnvelopedData(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSetOf())
            {
                foreach (var recipient in RecipientInfos ?? [RecipientInfo()])
                    writer.WriteEncodedValue(recipient);
            }

            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(InnerContentType);
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(CipherOid);
                    writer.WriteOctetString(Iv);
                }

                WriteCiphertext(writer, Ciphertext ?? Encrypt(Plaintext));
            }
        }
    }

    public byte[] Encrypt(byte[] plaintext, PaddingMode padding = PaddingMode.PKCS7)
    {
        using SymmetricAlgorithm cipher = Iv.Length == 8 ? TripleDES.Create() : Aes.Create();
        cipher.Key = ContentKey;
        return cipher.EncryptCbc(plaintext, Iv, padding);
    }

    public byte[] RecipientInfo(byte[]? identifier = null) => Der(w =>
    {
        using (w.PushSequence())
        {
            w.WriteInteger(0);
            w.WriteEncodedValue(identifier ?? IssuerAndSerial(Recipient));
            w.WriteEncodedValue(KeyTransport);
            using var key = Recipient.GetRSAPublicKey()!;
            w.WriteOctetString(EncryptedKey ?? key.Encrypt(ContentKey, RSAEncryptionPadding.Pkcs1));
        }
    });

    public static byte[] IssuerAndSerial(X509Certificate2 certificate, X500DistinguishedName? issuer = null) => Der(w =>
    {
        using (w.PushSequence())
        {
            w.WriteEncodedValue((issuer ?? certificate.IssuerName).RawData);
            w.WriteInteger(certificate.SerialNumberBytes.Span);
        }
    });

    public static byte[] Attribute(string type, params byte[][] values) => Der(w =>
    {
        using (w.PushSequence())
        {
            w.WriteObjectIdentifier(type);
            using (w.PushSetOf())
            {
                foreach (var value in values)
                    w.WriteEncodedValue(value);
            }
        }
    });

    public static byte[] Printable(string text) => Text(UniversalTagNumber.PrintableString, text);

    public static byte[] Text(UniversalTagNumber type, string text) => [(byte)type, (byte)text.Length, .. text.Select(c => (byte)c)];

    public static byte[] Octets(byte[] octets) => Der(w => w.WriteOctetString(octets));

    public static byte[] Der(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        write(writer);
        return writer.Encode();
    }

    public static void WriteAlgorithm(AsnWriter writer, string oid, bool withNull = false)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (withNull)
                writer.WriteNull();
        }
    }

    public static void WriteContentInfo(AsnWriter writer, string type, Action content)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(type);
            using (writer.PushSequence(Context0Constructed))
                content();
        }
    }

    private void WriteCiphertext(AsnWriter writer, byte[] ciphertext)
    {
        if (!ChunkedCiphertext)
        {
            writer.WriteOctetString(ciphertext, Context0);
            return;
        }

        using (writer.PushSequence(Context0Constructed))
        {
            foreach (var chunk in ciphertext.Chunk(100))
                writer.WriteOctetString(chunk);
        }
    }

    private void WriteSignedData(AsnWriter writer, byte[] content, List<byte[]> attributes, byte[] signature)
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSetOf())
                WriteAlgorithm(writer, DigestOid, withNull: true);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(OuterContentType);
                if (!OmitContent)
                {
                    using (writer.PushSequence(Context0Constructed))
                        writer.WriteOctetString(content);
                }
            }

            using (writer.PushSequence(Context0Constructed))
            {
                foreach (var certificate in Certificates)
                    writer.WriteEncodedValue(certificate);
            }

            using (writer.PushSetOf())
            {
                for (var i = 0; i < Signers; i++)
                    WriteSignerInfo(writer, attributes, signature);
            }
        }
    }

    private void WriteSignerInfo(AsnWriter writer, List<byte[]> attributes, byte[] signature)
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteEncodedValue(SignerIdentifier ?? IssuerAndSerial(SignerCertificate));
            WriteAlgorithm(writer, DigestOid, withNull: true);
            if (!OmitSignedAttributes)
            {
                using (writer.PushSequence(Context0Constructed))
                {
                    foreach (var attribute in attributes)
                        writer.WriteEncodedValue(attribute);
                }
            }

            WriteAlgorithm(writer, SignatureOid, withNull: true);
            writer.WriteOctetString(signature);
            if (UnsignedAttributes is { } unsigned)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1, isConstructed: true)))
                    writer.WriteEncodedValue(unsigned);
            }
        }
    }

    private byte[] Sign(List<byte[]> attributes)
    {
        var set = Der(w =>
        {
            using (w.PushSetOf())
            {
                foreach (var attribute in attributes)
                    w.WriteEncodedValue(attribute);
            }
        });
        return SignerKey switch
        {
            RSA rsa => rsa.SignData(set, Digest, RSASignaturePadding.Pkcs1),
            ECDsa ecdsa => ecdsa.SignData(set, Digest, DSASignatureFormat.Rfc3279DerSequence),
            _ => throw new InvalidOperationException("No such signer."),
        };
    }

    private static List<byte[]> Sorted(List<byte[]> attributes)
    {
        var list = attributes.ToList();
        list.Sort((one, other) => one.AsSpan().SequenceCompareTo(other));
        return list;
    }
}
