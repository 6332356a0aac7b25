using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>Names of RFC 8894 §3.2.1 that both directions use.</summary>
internal static class ScepOids
{
    public const string Data = "1.2.840.113549.1.7.1";
    public const string MessageType = "2.16.840.1.113733.1.9.2";
    public const string PkiStatus = "2.16.840.1.113733.1.9.3";
    public const string FailInfo = "2.16.840.1.113733.1.9.4";
    public const string SenderNonce = "2.16.840.1.113733.1.9.5";
    public const string RecipientNonce = "2.16.840.1.113733.1.9.6";
    public const string TransactionId = "2.16.840.1.113733.1.9.7";
    public const string FailInfoText = "1.3.6.1.5.5.7.24.1";
}

/// <summary>Who signs our messages, and so for whom the reply is encrypted.</summary>
/// <param name="Certificate">Self-signed, or in a renewal the old certificate.</param>
/// <param name="Key">Its private key.</param>
internal sealed record MessageSigner(X509Certificate2 Certificate, AsymmetricAlgorithm Key);

/// <summary>The algorithms of one enrolment.</summary>
public sealed record MessageAlgorithms(HashAlgorithmName Digest, ScepCipher Cipher);

/// <summary>A request pkiMessage, ready to send (RFC 8894 §3).</summary>
/// <param name="SenderNonce">16 fresh random octets: the reply must bring them back.</param>
internal sealed record PkiMessage(byte[] Der, byte[] SenderNonce)
{
    public const int RenewalReq = 17;
    public const int PkcsReq = 19;
    public const int GetCertInitial = 20;

    public static PkiMessage Build(
        int messageType,
        string transactionId,
        byte[] content,
        MessageSigner signer,
        X509Certificate2 recipient,
        MessageAlgorithms algorithms)
    {
        // RFC 8894 §3.2.2: pkcsPKIEnvelope.
        var envelope = new EnvelopedCms(
            new ContentInfo(new Oid(ScepOids.Data), content), new AlgorithmIdentifier(new Oid(CipherOid(algorithms.Cipher))));
        envelope.Encrypt(new CmsRecipient(SubjectIdentifierType.IssuerAndSerialNumber, recipient, RSAEncryptionPadding.Pkcs1));

        // RFC 8894 §3.2.1.5: 16 octets.
        var nonce = RandomNumberGenerator.GetBytes(16);
        var signature = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, signer.Certificate, signer.Key)
        {
            DigestAlgorithm = new Oid(DigestOid(algorithms.Digest)),
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signature.SignedAttributes.Add(
            Attribute(ScepOids.TransactionId, writer => writer.WriteCharacterString(UniversalTagNumber.PrintableString, transactionId)));
        signature.SignedAttributes.Add(
            Attribute(ScepOids.MessageType, writer => writer.WriteCharacterString(UniversalTagNumber.PrintableString, $"{messageType}")));
        signature.SignedAttributes.Add(Attribute(ScepOids.SenderNonce, writer => writer.WriteOctetString(nonce)));
        var message = new SignedCms(new ContentInfo(new Oid(ScepOids.Data), envelope.Encode()), detached: false);
        message.ComputeSignature(signature, silent: true);
        return new PkiMessage(message.Encode(), nonce);
    }

    /// <summary>IssuerAndSubject, the content of GetCertInitial (RFC 8894 §3.3.3).</summary>
    public static byte[] IssuerAndSubject(X500DistinguishedName issuer, X500DistinguishedName subject)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(issuer.RawData);
            writer.WriteEncodedValue(subject.RawData);
        }

        return writer.Encode();
    }

    private static AsnEncodedData Attribute(string oid, Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return new AsnEncodedData(oid, writer.Encode());
    }

    private static string CipherOid(ScepCipher cipher) => cipher switch
    {
        ScepCipher.Aes128 => "2.16.840.1.101.3.4.1.2",
        ScepCipher.Aes192 => "2.16.840.1.101.3.4.1.22",
        ScepCipher.Aes256 => "2.16.840.1.101.3.4.1.42",
        ScepCipher.Des3 => "1.2.840.113549.3.7",
    };

    public static string DigestOid(HashAlgorithmName digest) => digest.Name switch
    {
        "SHA1" => "1.3.14.3.2.26",
        "SHA256" => "2.16.840.1.101.3.4.2.1",
        "SHA384" => "2.16.840.1.101.3.4.2.2",
        "SHA512" => "2.16.840.1.101.3.4.2.3",
        _ => throw new ArgumentOutOfRangeException(nameof(digest)),
    };
}
