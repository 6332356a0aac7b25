using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles.Expectations;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Publication;

namespace Certctl.Infrastructure.Crypto.Est;

/// <inheritdoc cref="IServerKeyCodec"/>
public sealed class ServerKeyCodec(TimeProvider clock) : IServerKeyCodec
{
    private readonly KeyPackageSigners _signers = new(clock);

    public ServerKeyReading Read(ReadOnlyMemory<byte> body)
    {
        if (EstBody.Decode(body) is not { } pkcs10)
            return new ServerKeyReading.Invalid(EstBody.Unknown);
        if (CsrReader.ReadUnsigned(pkcs10, out var defect) is not { } csr)
            return new ServerKeyReading.Invalid(defect!);
        return KeyProtectionReader.Read(csr.DerWithoutChallenge, out defect) is { } protection
            ? new ServerKeyReading.Valid(csr, protection)
            : new ServerKeyReading.Invalid(defect!);
    }

    public IServerKey Make(KeyExpectation kind, CertificateSigningRequest asked) => ServerKey.Make(kind, asked);

    public byte[] EncodeCertificate(ReadOnlyMemory<byte> certificate) => CertificatesOnly.Write([certificate]);

    // RFC 7030 §4.4.1: a key that cannot be encrypted as asked is not sent at all.
    public IKeyRecipient? FindRecipient(KeyProtection protection, KeyHolder holder, out string? defect)
    {
        defect = null;
        var (keyId, algorithms) = protection switch
        {
            KeyProtection.Symmetric symmetric => (symmetric.KeyId, symmetric.Algorithms),
            KeyProtection.Asymmetric asymmetric => (asymmetric.KeyId, asymmetric.Algorithms),
            _ => (default, []),
        };
        if (protection is KeyProtection.None)
            return PlainRecipient.Instance;

        // RFC 7030 §4.4.1: a request that names a key MUST have smimeCapabilities.
        if (Choose(algorithms) is not { } cipher)
        {
            defect = algorithms.Count == 0
                ? "the request names a key and has no smimeCapabilities"
                : $"smimeCapabilities has no AES-CBC; it has {string.Join(", ", algorithms.Take(8))}";
            return null;
        }

        if (_signers.Find(holder.Issuer) is not { } signer)
        {
            defect = $"issuer {holder.Issuer.IssuerId} certifies no maker of keys, who must sign what is encrypted";
            return null;
        }

        if (protection is KeyProtection.Asymmetric)
            return FindByCertificate(keyId, holder.Certificate, new Envelope(cipher, signer), out defect);
        if (holder.SharedKeys.TryGetValue(Convert.ToHexStringLower(keyId.Span), out var key))
            return new SharedKeyRecipient(keyId, key, cipher, signer);
        defect = $"this endpoint shares no key {Convert.ToHexStringLower(keyId.Span)} with its clients";
        return null;
    }

    // The first of the client's that we write (RFC 8551 §2.5.2: in its order of preference).
    private static ContentCipher? Choose(IReadOnlyList<string> algorithms) =>
        algorithms.Select(ContentCipher.Find).FirstOrDefault(
            cipher => cipher == ContentCipher.Aes256 || cipher == ContentCipher.Aes192 || cipher == ContentCipher.Aes128);

    private static CertificateKeyRecipient? FindByCertificate(
        ReadOnlyMemory<byte> keyId, ReadOnlyMemory<byte> der, Envelope envelope, out string? defect)
    {
        var id = Convert.ToHexStringLower(keyId.Span);
        if (der.IsEmpty || !CertificateReader.TryRead(der, out var certificate, out _))
        {
            defect = $"the request names key {id}, and the connection has no client certificate";
            return null;
        }

        if (!KeyIdentifiers(der, certificate!.PublicKey).Any(known => known.Span.SequenceEqual(keyId.Span)))
        {
            defect = $"key {id} is not that of the client certificate";
            return null;
        }

        defect = FindUsageDefect(der, certificate.PublicKey.Algorithm);
        if (defect is not null)
            return null;
        if (CertificateKeyRecipient.CanReceive(certificate.PublicKey))
            return new CertificateKeyRecipient(certificate, envelope.Cipher, envelope.Signer);
        defect = $"nothing can be encrypted to a key of the kind {certificate.PublicKey.Describe()}";
        return null;
    }

    // RFC 7030 §4.4.1.2: explicitly for key transport or key agreement, or unrestricted.
    private static string? FindUsageDefect(ReadOnlyMemory<byte> der, KeyAlgorithm algorithm)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der.Span);
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } extension)
            return null;
        var needed = algorithm == KeyAlgorithm.Rsa ? X509KeyUsageFlags.KeyEncipherment : X509KeyUsageFlags.KeyAgreement;
        return extension.KeyUsages.HasFlag(needed) ? null : $"the keyUsage of the client certificate lacks {needed}";
    }

    // As the certificate has it, or as RFC 5280 §4.2.1.2 makes it for one that has none.
    private static IEnumerable<ReadOnlyMemory<byte>> KeyIdentifiers(ReadOnlyMemory<byte> der, PublicKeyInfo key)
    {
        if (CertificateReader.FindSubjectKeyIdentifier(der) is { } own)
            return [own];
        var reader = new DerReader(key.Der);
        return reader.TryEnter(DerTag.Sequence, out var fields)
            && fields.TryRead(DerTag.Sequence, out _) && fields.TryReadOctetsInBitString(out var bits)
                ? [CryptographicOperations.HashData(HashAlgorithmName.SHA1, bits.Span)]
                : [];
    }

    private readonly record struct Envelope(ContentCipher Cipher, KeyPackageSigner Signer);
}
