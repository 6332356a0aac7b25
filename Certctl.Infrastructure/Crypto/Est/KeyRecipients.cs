using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Cms.Recipients;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>Inside TLS alone: PrivateKeyInfo as it is.</summary>
internal sealed class PlainRecipient : IKeyRecipient
{
    public static readonly PlainRecipient Instance = new();

    public KeyGenerationCertificate? SignedBy => null;

    public string ContentType => Multipart.Pkcs8;

    public byte[] Wrap(ReadOnlySpan<byte> pkcs8) => pkcs8.ToArray();
}

/// <summary>RFC 7030 §4.4.2: an AsymmetricKeyPackage in a SignedData of who made the key, in an EnvelopedData.</summary>
internal abstract class EncryptedRecipient(ContentCipher cipher, KeyPackageSigner signer) : IKeyRecipient
{
    private const int Capacity = 16 * 1024;

    public KeyGenerationCertificate? SignedBy => signer.Certificate;

    public string ContentType => Multipart.EncryptedKey;

    public byte[] Wrap(ReadOnlySpan<byte> pkcs8)
    {
        using var signed = new DerWriter(Capacity, holdsSecrets: true);
        signer.Write(signed, pkcs8);
        using var enveloped = new DerWriter(Capacity);
        Encrypt(enveloped, cipher, signed.Written);
        return enveloped.ToArray();
    }

    protected abstract void Encrypt(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> signedData);
}

/// <summary>RFC 7030 §4.4.2: keyTransRecipientInfo for an RSA key, keyAgreeRecipientInfo for one on P-256, P-384 or P-521.</summary>
internal sealed class CertificateKeyRecipient(RequestSigner certificate, ContentCipher cipher, KeyPackageSigner signer)
    : EncryptedRecipient(cipher, signer)
{
    public static bool CanReceive(PublicKeyInfo key)
    {
        using var rsa = RsaPublicKeys.Import(key);
        using var ec = EcPublicKeys.ImportForAgreement(key);
        return rsa is not null || ec is not null;
    }

    protected override void Encrypt(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> signedData)
    {
        var key = certificate.PublicKey;
        using var rsa = RsaPublicKeys.Import(key);
        if (rsa is not null)
        {
            EnvelopedDataWriter.Write(writer, new RsaRecipient(certificate, rsa), cipher, CmsOid.SignedData, signedData);
            return;
        }

        using var ec = EcPublicKeys.ImportForAgreement(key);
        using var agreed = ec!.PublicKey;
        var recipient = new EcRecipient(certificate, agreed, EcPublicKeys.CurveOf(key.CurveOid)!.Value);
        EnvelopedDataWriter.Write(writer, recipient, cipher, CmsOid.SignedData, signedData);
    }
}

/// <summary>RFC 7030 §4.4.2: kekRecipientInfo.</summary>
internal sealed class SharedKeyRecipient(ReadOnlyMemory<byte> keyId, byte[] key, ContentCipher cipher, KeyPackageSigner signer)
    : EncryptedRecipient(cipher, signer)
{
    protected override void Encrypt(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> signedData) =>
        EnvelopedDataWriter.Write(writer, new KekRecipient(keyId, key), cipher, CmsOid.SignedData, signedData);
}
