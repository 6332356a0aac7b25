using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>The answer of <c>/serverkeygen</c> (RFC 7030 §4.4.2): a private key, in the clear or enveloped, and its certificate.</summary>
internal sealed class ServerGeneratedKey(EstCaTrust trust, TimeProvider time)
{
    private const string KeyPackage = "2.16.840.1.101.2.1.2.78.5";
    private const string SignedDataType = "1.2.840.113549.1.7.2";

    /// <param name="recipient">Who was named in the request; null where the key was asked for in the clear.</param>
    public (AsymmetricAlgorithm Key, IReadOnlyList<X509Certificate2> Certificates) Read(EstAnswer answer, EstIdentity? recipient)
    {
        var parts = MultipartMixed.Read(EstStage.Verify, answer);
        var keys = parts.Where(part => IsPlainKey(part) || IsEnvelopedKey(part)).ToList();
        if (parts.Count != 2 || keys.Count != 1)
            throw Wrong($"it has {parts.Count} parts and {keys.Count} private keys among them, not one key and one certificate");
        var other = parts.Single(part => part != keys[0]);
        CertsOnly.CheckType(EstStage.Verify, other.Type);
        var certificates = CertsOnly.Unpack(
            EstStage.Verify, EstBody.Decode(EstStage.Verify, "the certificate part of the answer", other.Body.Span));
        return (Open(keys[0], recipient), certificates);
    }

    private AsymmetricAlgorithm Open(MultipartPart part, EstIdentity? recipient)
    {
        // RFC 7030 §4.4.1: the server may not fall back to a key in the clear where an encrypted one was asked for.
        if (IsPlainKey(part) && recipient is not null)
            throw Wrong("the private key came in the clear although it was asked for encrypted");
        if (!IsPlainKey(part) && recipient is null)
            throw Wrong("the private key came encrypted although that was not asked for", "Add --encrypt-key.");
        var octets = EstBody.Decode(EstStage.Verify, "the private key part of the answer", part.Body.Span);
        byte[]? clear = null;
        try
        {
            clear = recipient is null ? octets : FromPackage(Decrypt(octets, recipient.Pair));
            return Import(clear);
        }
        catch (CryptographicException trouble)
        {
            throw Wrong("the private key cannot be read", inner: trouble);
        }
        catch (AsnContentException trouble)
        {
            throw Wrong("the private key cannot be read", inner: trouble);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private static byte[] Decrypt(byte[] envelope, X509Certificate2 recipient)
    {
        using var ec = recipient.GetECDsaPrivateKey();
        if (ec is not null)
            return AgreedEnvelope.Open(envelope, recipient, ec) ?? throw Wrong("the private key is encrypted to another key");
        var message = new EnvelopedCms();
        message.Decode(envelope);
        message.Decrypt([recipient]);

        // RFC 7030 §4.4.2: SignedData inside of EnvelopedData. Around what is no id-data the platform writes a SEQUENCE of its own.
        if (message.ContentInfo.ContentType.Value != SignedDataType)
            throw Wrong("the encrypted content is no SignedData");
        AsnDecoder.ReadSequence(message.ContentInfo.Content, AsnEncodingRules.BER, out var start, out var length, out _);
        return message.ContentInfo.Content.AsSpan(start, length).ToArray();
    }

    // RFC 5652 §6.3: what is encrypted is a SignedData, which begins with its version; some servers write the ContentInfo around it too.
    private static byte[] InContentInfo(byte[] content)
    {
        if (new AsnReader(content, AsnEncodingRules.BER).ReadSequence().PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            return content;
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(SignedDataType);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                writer.WriteEncodedValue(content);
        }

        return writer.Encode();
    }

    // RFC 5958 §2: AsymmetricKeyPackage, a list of keys, here of one; signed by who made the key.
    private byte[] FromPackage(byte[] signedData)
    {
        var message = new SignedCms();
        message.Decode(InContentInfo(signedData));
        if (message.ContentInfo.ContentType.Value != KeyPackage || message.SignerInfos.Count != 1)
            throw Wrong("the encrypted content is no signed AsymmetricKeyPackage");
        message.CheckSignature([.. trust.Trusted], verifySignatureOnly: true);
        if (message.SignerInfos[0].Certificate is not { } signer
            || CertificatePath.Find(signer, [.. trust.Trusted, .. message.Certificates], trust.Anchors, time.GetUtcNow()) is null)
            throw Wrong("the private key is signed by a certificate that the CA does not vouch for");
        var package = new AsnReader(message.ContentInfo.Content, AsnEncodingRules.BER).ReadSequence();
        var key = package.ReadEncodedValue().ToArray();
        return package.HasData ? throw Wrong("there is more than one private key in it") : key;
    }

    private static AsymmetricAlgorithm Import(byte[] pkcs8)
    {
        var info = Pkcs8PrivateKeyInfo.Decode(pkcs8, out var consumed);
        if (consumed != pkcs8.Length)
            throw Wrong("octets follow the private key");
        AsymmetricAlgorithm key = info.AlgorithmId.Value switch
        {
            CsrAttributes.RsaOid => RSA.Create(),
            CsrAttributes.EcOid => ECDsa.Create(),
            var oid => throw Wrong($"the private key is neither RSA nor EC (algorithm {oid})"),
        };
        var isImported = false;
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            isImported = true;
            return key;
        }
        finally
        {
            if (!isImported)
                key.Dispose();
        }
    }

    private static bool IsPlainKey(MultipartPart part) => MediaType(part) == "application/pkcs8";

    private static bool IsEnvelopedKey(MultipartPart part) => MediaType(part) == "application/pkcs7-mime"
        && string.Equals(EstAnswer.Parameter(part.Type, "smime-type"), "server-generated-key", StringComparison.OrdinalIgnoreCase);

    private static string MediaType(MultipartPart part) => part.Type?.MediaType?.ToLowerInvariant() ?? "";

    private static EstClientException Wrong(
        string what, string advice = "The server does not follow RFC 7030 §4.4.2 here; nothing was written.", Exception? inner = null) =>
        EstClientException.Untrusted(EstStage.Verify, $"the server's key is not accepted: {what}.", advice, inner);
}
