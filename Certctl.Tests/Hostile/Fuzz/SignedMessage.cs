using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>A SignedData whose signature is right whatever is in it: the way past the verification for what lies behind.</summary>
internal static class SignedMessage
{
    private static readonly byte[] RsaEncryption = Sequence(Oid(ForgedRequest.RsaOid), Tlv(0x05));
    private static readonly byte[] Sha256 = Sequence(Oid(ForgedRequest.Sha256Oid), Tlv(0x05));
    private static readonly byte[] Data = Oid(ForgedRequest.DataOid);

    /// <param name="attributes">The content of signedAttrs: the attributes one after the other.</param>
    public static byte[] Wrap(byte[] attributes, byte[] content, X509Certificate2 signer, RSA key) =>
        Wrap(attributes, content, signer.RawData, ForgedRequest.IssuerAndSerial(signer), key);

    /// <param name="certificate">What stands for the signer's certificate.</param>
    /// <param name="signer">The SignerIdentifier.</param>
    public static byte[] Wrap(byte[] attributes, byte[] content, byte[] certificate, byte[] signer, RSA key)
    {
        var signature = key.SignData(Tlv(0x31, attributes), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var signerInfo = Sequence(Number(1), signer, Sha256, Tlv(0xA0, attributes), RsaEncryption, Tlv(0x04, signature));
        var signedData = Sequence(
            Number(1), Set(Sha256), Sequence(Data, Tlv(0xA0, Tlv(0x04, content))), Tlv(0xA0, certificate), Set(signerInfo));
        return Sequence(Oid(ForgedRequest.SignedDataOid), Tlv(0xA0, signedData));
    }

    /// <summary>contentType and messageDigest, and behind them <paramref name="others"/>.</summary>
    public static byte[] Attributes(byte[] content, params byte[][] others) =>
    [
        .. ForgedRequest.Attribute(ForgedRequest.ContentTypeOid, Data),
        .. ForgedRequest.Attribute(ForgedRequest.MessageDigestOid, Tlv(0x04, SHA256.HashData(content))),
        .. others.SelectMany(attribute => attribute),
    ];

    private static byte[] Number(byte value) => Tlv(0x02, [value]);
}
