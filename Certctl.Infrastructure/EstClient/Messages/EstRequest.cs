using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>The PKCS#10 request of EST (RFC 7030 §4.2.1, §4.4.1).</summary>
public static class EstRequest
{
    private const string SmimeCapabilities = "1.2.840.113549.1.9.15";
    private const string AsymmetricDecryptKeyIdentifier = "1.2.840.113549.1.9.16.2.54";

    // What a server may encrypt the key with, the preferred first: AES-256 and AES-128 in CBC mode, OAEP and PKCS#1 v1.5 for RSA keys,
    // AES key wrap for EC keys.
    private static readonly string[] Ciphers = ["2.16.840.1.101.3.4.1.42", "2.16.840.1.101.3.4.1.2"];
    private static readonly string[] RsaKeyEncryption = ["1.2.840.113549.1.1.7", "1.2.840.113549.1.1.1"];
    private static readonly string[] EcKeyEncryption = ["2.16.840.1.101.3.4.1.45", "2.16.840.1.101.3.4.1.5"];

    /// <param name="recipient">
    /// Asks for a private key that comes encrypted to this certificate, on top of TLS (RFC 7030 §4.4.1.2); null for none.
    /// </param>
    public static byte[] Build(
        X500DistinguishedName subject, IEnumerable<X509Extension> extensions, AsymmetricAlgorithm key, HashAlgorithmName digest,
        EstIdentity? recipient)
    {
        var request = key switch
        {
            RSA rsa => new CertificateRequest(subject, rsa, digest, RSASignaturePadding.Pkcs1),
            ECDsa ec => new CertificateRequest(subject, ec, digest),
            _ => throw new ArgumentException("A device's key is RSA or EC.", nameof(key)),
        };
        foreach (var extension in extensions)
            request.CertificateExtensions.Add(extension);
        if (recipient is not null)
        {
            request.OtherRequestAttributes.Add(new AsnEncodedData(SmimeCapabilities, Capabilities(recipient.Pair.HasRsaKey())));
            request.OtherRequestAttributes.Add(
                new AsnEncodedData(AsymmetricDecryptKeyIdentifier, OctetString(recipient.KeyIdentifier)));
        }

        return request.CreateSigningRequest();
    }

    /// <summary>What is asked for, without the signature: two requests with the same are the same request.</summary>
    public static bool AsksTheSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => Content(one).SequenceEqual(Content(other));

    /// <summary>The public key of a request; null for what is no request.</summary>
    public static byte[]? PublicKeyOf(ReadOnlyMemory<byte> csr)
    {
        try
        {
            // RFC 2986 §4.1: version, subject, subjectPKInfo.
            var info = new AsnReader(csr, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            info.ReadInteger();
            info.ReadEncodedValue();
            return info.ReadEncodedValue().ToArray();
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static byte[] OctetString(byte[] octets)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(octets);
        return writer.Encode();
    }

    // RFC 8551 §2.5.2.
    private static byte[] Capabilities(bool isRsa)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var oid in Ciphers.Concat(isRsa ? RsaKeyEncryption : EcKeyEncryption))
            {
                using (writer.PushSequence())
                    writer.WriteObjectIdentifier(oid);
            }
        }

        return writer.Encode();
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> csr)
    {
        AsnDecoder.ReadSequence(csr, AsnEncodingRules.DER, out var start, out var length, out _);
        var content = csr.Slice(start, length);
        AsnDecoder.ReadEncodedValue(content, AsnEncodingRules.DER, out _, out _, out var consumed);
        return content[..consumed];
    }
}
