using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using X509IssuerSerial = System.Security.Cryptography.Xml.X509IssuerSerial;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>What a verified CertRep says (RFC 8894 §3.3.2).</summary>
internal abstract record CertRep
{
    // Hexadecimal digits: 64 octets. RFC 5280 §4.1.2.2 says 20.
    private const int LongestSerialNumber = 128;

    private CertRep()
    {
    }

    /// <param name="Certificates">All certificates of the inner bag, as sent; not checked yet.</param>
    public sealed record Success(IReadOnlyList<X509Certificate2> Certificates) : CertRep;

    public sealed record Pending : CertRep;

    public sealed record Failure(ScepRefusal Refusal) : CertRep;

    /// <summary>Verifies signature, transaction and nonce, and only then decrypts.</summary>
    /// <exception cref="ScepClientException">Untrusted: anything that does not hold.</exception>
    public static CertRep Read(
        ScepAnswer answer, PkiMessage request, string transactionId, MessageSigner signer, CaTrust trust, MessageAlgorithms algorithms)
    {
        // RFC 8894 §4.3: application/x-pki-message.
        if (answer.ContentType != "application/x-pki-message")
            throw Wrong($"its Content-Type is \"{ScepStageNames.Printable(answer.ContentType)}\", not application/x-pki-message",
                "Check the URL: something other than a SCEP server may answer there.");
        try
        {
            var message = new SignedCms();
            message.Decode(answer.Body);
            var attributes = Verify(message, trust, algorithms);
            CheckTransaction(attributes, request, transactionId);
            return Text(attributes, ScepOids.PkiStatus) switch
            {
                "0" => new Success(Open(message.ContentInfo.Content, signer)),
                "2" => new Failure(RefusalOf(attributes)),
                "3" => new Pending(),
                var other => throw Wrong($"its pkiStatus is \"{ScepStageNames.Printable(other)}\", which RFC 8894 does not know"),
            };
        }
        catch (CryptographicException trouble)
        {
            throw Wrong("it is no CMS message that can be read", inner: trouble);
        }
        catch (AsnContentException trouble)
        {
            throw Wrong("an attribute of it cannot be read", inner: trouble);
        }
    }

    private static Dictionary<string, byte[]> Verify(SignedCms message, CaTrust trust, MessageAlgorithms algorithms)
    {
        if (message.SignerInfos.Count != 1)
            throw Wrong($"it has {message.SignerInfos.Count} signatures instead of one");
        var signature = message.SignerInfos[0];

        // The platform also reads the number as a decimal when it looks for the certificate, which takes the square of its length:
        // hours for one of a megabyte.
        if (signature.SignerIdentifier.Value is X509IssuerSerial { SerialNumber.Length: > LongestSerialNumber })
            throw Wrong("its signer's serial number is longer than any");

        // RFC 8894 §3.2: the content type is data.
        if (message.ContentInfo.ContentType.Value != ScepOids.Data)
            throw Wrong("its content is not of type data");

        // The digest is ours or one of SHA-2: an attacker who could pick a broken one would need no key.
        string[] digests =
            [PkiMessage.DigestOid(algorithms.Digest), "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];
        if (!digests.Contains(signature.DigestAlgorithm.Value))
            throw Wrong($"it is signed with the digest {signature.DigestAlgorithm.Value}, which is not strong enough");

        // RFC 8894 §2.1.2: signed by a certificate that GetCACert showed. One that only looks like it (same issuer and serial) is not it.
        var known = new X509Certificate2Collection(trust.Verifiers.ToArray());
        if (signature.Certificate is { } sent && !trust.Verifiers.Any(sent.SameAs))
            throw Stranger($"{ScepStageNames.Printable(sent.Subject)} (SHA-256 {sent.Sha256Fingerprint()})");
        if (signature.Certificate is null && !known.Any(certificate => IsMeant(signature.SignerIdentifier, certificate)))
            throw Stranger("a certificate that it does not carry");
        try
        {
            signature.CheckSignature(known, verifySignatureOnly: true);
        }
        catch (CryptographicException trouble)
        {
            throw Wrong(
                "its signature is not valid",
                "Something between here and the server changes messages, or the server's signing key does not match its certificate.",
                trouble);
        }
        catch (InvalidOperationException trouble)
        {
            // What the platform says when it cannot write the signed attributes as DER, and that is what the signature is over.
            throw Wrong("its signed attributes are not in DER", inner: trouble);
        }

        return SignedAttributes(signature);
    }

    // RFC 5652 §11, RFC 8894 §3.2.1: once each, one value each; unsigned attributes do not exist for us.
    private static Dictionary<string, byte[]> SignedAttributes(SignerInfo signature)
    {
        var attributes = new Dictionary<string, byte[]>();
        foreach (var attribute in signature.SignedAttributes)
        {
            if (attribute.Values.Count != 1 || !attributes.TryAdd(attribute.Oid.Value!, attribute.Values[0].RawData))
                throw Wrong($"the signed attribute {attribute.Oid.Value} occurs twice or has {attribute.Values.Count} values");
        }

        return attributes;
    }

    private static void CheckTransaction(Dictionary<string, byte[]> attributes, PkiMessage request, string transactionId)
    {
        if (Text(attributes, ScepOids.MessageType) is var type and not "3")
            throw Wrong($"its messageType is \"{ScepStageNames.Printable(type)}\", not 3 (CertRep)");

        // RFC 8894 §3.2.1.1, §3.2.1.5: the same transaction, and the nonce of this very message: no replay of an older answer.
        if (Text(attributes, ScepOids.TransactionId) != transactionId)
            throw Wrong("it belongs to another transactionID",
                "The answer was meant for another client, or is an old one. A caching proxy could cause this.");
        var nonce = AsnDecoder.ReadOctetString(Value(attributes, ScepOids.RecipientNonce), AsnEncodingRules.BER, out _);
        if (!nonce.AsSpan().SequenceEqual(request.SenderNonce))
            throw Wrong("its recipientNonce is not the senderNonce of the request",
                "This is an old answer or one to another request. A caching proxy or a replay attack could cause this.");
    }

    // RFC 8894 §3.2.2, §3.4: EnvelopedData for the signer's key, and in it a certificates-only SignedData.
    private static List<X509Certificate2> Open(byte[] content, MessageSigner signer)
    {
        if (content.Length == 0)
            throw Wrong("it says SUCCESS and carries no certificate");
        var bag = new SignedCms();
        bag.Decode(Decrypt(content, signer) ?? throw Wrong("the certificate in it is not encrypted to the key that signed the request"));
        return [.. bag.Certificates.Select(certificate => certificate.ReadWhole())];
    }

    // Null: it is for another recipient.
    private static byte[]? Decrypt(byte[] content, MessageSigner signer)
    {
        var envelope = new EnvelopedCms();
        envelope.Decode(content);
        try
        {
            if (signer.Key is ECDsa ec)
                return AgreedEnvelope.Open(content, signer.Certificate, ec);
            var recipient = envelope.RecipientInfos.OfType<KeyTransRecipientInfo>()
                .FirstOrDefault(info => IsMeant(info.RecipientIdentifier, signer.Certificate));
            if (recipient is null)
                return null;
            envelope.Decrypt(recipient, signer.Key);
            return envelope.ContentInfo.Content;
        }
        catch (CryptographicException trouble)
        {
            throw Wrong(
                "it cannot be decrypted with the key that signed the request",
                "The server encrypted to another key, or with an algorithm that is not supported here.",
                trouble);
        }
    }

    private static ScepRefusal RefusalOf(Dictionary<string, byte[]> attributes)
    {
        var code = Text(attributes, ScepOids.FailInfo);
        return new ScepRefusal(
            code, attributes.ContainsKey(ScepOids.FailInfoText) ? ScepStageNames.Printable(Text(attributes, ScepOids.FailInfoText)) : null);
    }

    private static bool IsMeant(SubjectIdentifier identifier, X509Certificate2 certificate) => identifier.Value switch
    {
        X509IssuerSerial issuerSerial =>
            string.Equals(issuerSerial.SerialNumber, certificate.SerialNumber, StringComparison.OrdinalIgnoreCase)
                && issuerSerial.IssuerName == certificate.IssuerName.Name,
        string keyId => certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>()
            .Any(ski => string.Equals(ski.SubjectKeyIdentifier, keyId, StringComparison.OrdinalIgnoreCase)),
        _ => false,
    };

    // The octets of a string value as they stand: transactionIDs with characters outside PrintableString are common,
    // and decoders refuse them.
    private static string Text(Dictionary<string, byte[]> attributes, string oid)
    {
        var value = Value(attributes, oid);
        var tag = AsnDecoder.ReadEncodedValue(value, AsnEncodingRules.BER, out var start, out var length, out _);
        if (tag.TagClass != TagClass.Universal || tag.IsConstructed
            || (UniversalTagNumber)tag.TagValue is not (UniversalTagNumber.PrintableString
                or UniversalTagNumber.UTF8String or UniversalTagNumber.IA5String))
            throw Wrong($"the attribute {oid} is no string");
        return Encoding.UTF8.GetString(value, start, length);
    }

    private static byte[] Value(Dictionary<string, byte[]> attributes, string oid) =>
        attributes.TryGetValue(oid, out var value) ? value : throw Wrong($"the signed attribute {oid} is missing");

    private static ScepClientException Stranger(string signer) =>
        Wrong($"it is signed by {signer}, which is no RA or CA certificate of this server that may sign",
            "Do not use this answer. If the server's RA certificate was just replaced, try again; "
                + "otherwise another machine may be answering in its place.");

    private static ScepClientException Wrong(string what, string? advice = null, Exception? inner = null) =>
        new(ScepStage.Reply, ScepClientFault.Untrusted,
            $"the server's answer is not accepted: {what}.",
            advice ?? "This is a fault of the server or of something between; nothing was written. Its log may say more.",
            inner);
}
