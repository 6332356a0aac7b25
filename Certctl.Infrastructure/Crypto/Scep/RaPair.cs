using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>One RA pair, with everything that a request needs of it made ready beforehand.</summary>
internal sealed class RaPair
{
    private readonly byte[] _issuerAndSerialNumber;

    /// <summary>Costs an import and a self-test of the key: for start-up and reload.</summary>
    /// <exception cref="ArgumentException">The key is not RSA, or the certificate cannot be read.</exception>
    public RaPair(KeyPair pair)
    {
        // RFC 8894 §3.1 knows no other key that a request can be encrypted to.
        Key = pair.Key as RSA ?? throw new ArgumentException("An RA key must be RSA.", nameof(pair));
        if (!CertificateReader.TryRead(pair.Certificate.RawData, out var certificate, out var defect))
            throw new ArgumentException($"The RA certificate cannot be read: {defect}.", nameof(pair));
        Certificate = certificate!;
        MaySign = RaPairCheck.MaySign(pair.Certificate);
        MayDecrypt = RaPairCheck.MayDecrypt(pair.Certificate);
        Transport = new KeyTransportKey(Key);
        _issuerAndSerialNumber = SignedDataWriter.IssuerAndSerialNumber(Certificate);
    }

    /// <summary>One instance for all threads.</summary>
    public RSA Key { get; }

    public RequestSigner Certificate { get; }

    /// <summary>Of an NDES-style pair, the signing certificate; of a certificate for both, that one.</summary>
    public bool MaySign { get; }

    /// <summary>Of an NDES-style pair, the encryption certificate; of a certificate for both, that one.</summary>
    public bool MayDecrypt { get; }

    public KeyTransportKey Transport { get; }

    /// <summary>IssuerAndSerialNumber as DER.</summary>
    public ReadOnlySpan<byte> IssuerAndSerialNumber => _issuerAndSerialNumber;

    public bool IsValidAt(DateTimeOffset now) => Certificate.NotBefore <= now && !IsExpiredAt(now);

    public bool IsExpiredAt(DateTimeOffset now) => Certificate.NotAfter < now;

    public override string ToString() => CertificateId.Describe(Certificate.Issuer.ToString(), Certificate.SerialNumber);
}
