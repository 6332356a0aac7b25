using System.Security.Cryptography;
using Certctl.Tests.Infrastructure.Crypto.X509;

namespace Certctl.Tests.Conformance.Rfc2986;

/// <summary>A PKCS#10 put together octet by octet, right until a test changes it.</summary>
internal sealed class RawRequest(string commonName)
{
    public string CommonName { get; } = commonName;

    public int Version { get; init; }

    /// <summary>As a UTF8String, before the other attributes.</summary>
    public string? Challenge { get; init; }

    public List<byte[]> Attributes { get; } = [];

    /// <summary>The whole [0], instead of the attributes.</summary>
    public byte[]? RawAttributes { get; init; }

    public bool OmitAttributes { get; init; }

    /// <summary>SubjectPublicKeyInfo instead of the signer's.</summary>
    public byte[]? EnclosedKey { get; init; }

    /// <summary>Request and CertificationRequestInfo in indefinite lengths.</summary>
    public bool Indefinite { get; init; }

    /// <summary>Signed as it is sent, though that is BER.</summary>
    public bool SignAsReceived { get; init; }

    public bool Spoil { get; init; }

    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA256;

    public RSASignaturePadding Padding { get; init; } = RSASignaturePadding.Pkcs1;

    public byte[] SignatureAlgorithm { get; init; } = Der.Sequence(Der.Oid("1.2.840.113549.1.1.11"), [0x05, 0x00]);

    public byte[] Build(RSA key)
    {
        var info = Der.Sequence([
            Der.Tlv(0x02, [(byte)Version]),
            Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, CommonName))),
            EnclosedKey ?? key.ExportSubjectPublicKeyInfo(),
            .. AttributeField(),
        ]);
        var sent = Indefinite ? Der.Indefinite(info) : info;
        var signature = key.SignData(SignAsReceived ? sent : info, Hash, Padding);
        if (Spoil)
            signature[^1] ^= 1;
        var request = Der.Sequence(sent, SignatureAlgorithm, Der.Tlv(0x03, [0x00], signature));
        return Indefinite ? Der.Indefinite(request) : request;
    }

    private IEnumerable<byte[]> AttributeField()
    {
        if (OmitAttributes)
            return [];
        byte[][] challenge = Challenge is null ? [] : [Der.Sequence(Der.Oid(ScepWire.ChallengeOid), Der.Set(Der.Text(0x0C, Challenge)))];
        return [RawAttributes ?? Der.Tlv(0xA0, [.. challenge, .. Attributes])];
    }
}
