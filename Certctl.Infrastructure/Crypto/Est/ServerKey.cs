using System.Formats.Asn1;
using System.Security.Cryptography;
using Certctl.Application.Enrolments;
using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles.Expectations;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>A key that was made here for a device; its octets stand in one array, which is zeroed with it.</summary>
internal sealed class ServerKey : IServerKey
{
    // AlgorithmIdentifiers as DER: sha256WithRSAEncryption (RFC 4055 §5) and ecdsa-with-SHA256 (RFC 5758 §3.2).
    private static readonly byte[] RsaWithSha256 = Convert.FromHexString("300D06092A864886F70D01010B0500");
    private static readonly byte[] EcdsaWithSha256 = Convert.FromHexString("300A06082A8648CE3D040302");

    private readonly byte[] _pkcs8;

    private ServerKey(byte[] pkcs8, CertificateSigningRequest csr) => (_pkcs8, Csr) = (pkcs8, csr);

    public CertificateSigningRequest Csr { get; }

    public static ServerKey Make(KeyExpectation kind, CertificateSigningRequest asked)
    {
        using AsymmetricAlgorithm key = kind.Algorithm switch
        {
            KeyAlgorithm.Rsa => RSA.Create(kind.Bits),
            KeyAlgorithm.Ecdsa => ECDsa.Create(EcPublicKeys.CurveOf(kind.CurveOid)!.Value),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        var pkcs8 = key.ExportPkcs8PrivateKey();
        try
        {
            return new ServerKey(pkcs8, Request(key, asked));
        }
        catch
        {
            CryptographicOperations.ZeroMemory(pkcs8);
            throw;
        }
    }

    public MultipartAnswer Answer(IKeyRecipient recipient, ReadOnlySpan<byte> certificates)
    {
        var part = recipient.Wrap(_pkcs8);
        try
        {
            return Multipart.Write(new(recipient.ContentType, part), new(Multipart.CertificatesOnly, certificates));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(part);
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_pkcs8);

    // Read back as if a device had sent it: that its signature verifies proves that both halves of the key belong together.
    private static CertificateSigningRequest Request(AsymmetricAlgorithm key, CertificateSigningRequest asked)
    {
        var info = new AsnWriter(AsnEncodingRules.DER, 1024);
        using (info.PushSequence())
        {
            info.WriteInteger(0);
            info.WriteEncodedValue(asked.Subject.Der.Span);
            info.WriteEncodedValue(key.ExportSubjectPublicKeyInfo());
            WriteAttributes(info, KeyProtectionReader.AttributesOf(asked.DerWithoutChallenge));
        }

        var signed = info.Encode();
        var (algorithm, signature) = key switch
        {
            RSA rsa => (RsaWithSha256, rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            _ => (EcdsaWithSha256, ((ECDsa)key).SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
        };
        var request = new AsnWriter(AsnEncodingRules.DER, signed.Length + 1024);
        using (request.PushSequence())
        {
            request.WriteEncodedValue(signed);
            request.WriteEncodedValue(algorithm);
            request.WriteBitString(signature);
        }

        return CsrReader.Read(request.Encode(), CryptoPolicy.Modern) switch
        {
            CsrReading.Valid(var csr) => csr,
            CsrReading.Invalid(var defect) =>
                throw new CryptographicException($"A key that was made for a device does not work: {defect}."),
            _ => throw new InvalidOperationException("A reading is one of two."),
        };
    }

    // As they came: their signature meant nothing, so what they say is all that is taken over. RFC 2986 §4.1: [0] is there even if empty.
    private static void WriteAttributes(AsnWriter writer, ReadOnlyMemory<byte> content)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0);
        using (writer.PushSequence(tag))
        {
            var attributes = new Asn1.DerReader(content);
            while (attributes.TryReadAny(out _, out _, out var attribute))
                writer.WriteEncodedValue(attribute.Span);
        }
    }
}
