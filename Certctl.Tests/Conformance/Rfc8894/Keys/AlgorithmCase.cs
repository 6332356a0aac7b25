using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary>A content encryption in CBC mode, as a device would use it.</summary>
/// <param name="BouncyCastle">Its name there, where the platform has none.</param>
internal sealed record DeviceCipher(string Name, string Oid, int KeyLength, int BlockLength, string? BouncyCastle = null)
{
    public static readonly DeviceCipher[] All =
    [
        new("AES-128", "2.16.840.1.101.3.4.1.2", 16, 16),
        new("AES-192", "2.16.840.1.101.3.4.1.22", 24, 16),
        new("AES-256", "2.16.840.1.101.3.4.1.42", 32, 16),
        new("3DES", "1.2.840.113549.3.7", 24, 8),
        new("DES", "1.3.14.3.2.7", 8, 8, "DES/CBC/PKCS7"),
        new("RC2", "1.2.840.113549.3.2", 16, 8, "RC2/CBC/PKCS7"),
    ];

    public byte[] Run(bool encrypt, byte[] key, byte[] iv, byte[] input)
    {
        if (BouncyCastle is not null)
        {
            var cipher = CipherUtilities.GetCipher(BouncyCastle);
            cipher.Init(encrypt, new ParametersWithIV(new KeyParameter(key), iv));
            return cipher.DoFinal(input);
        }

        using SymmetricAlgorithm platform = BlockLength == 8 ? TripleDES.Create() : Aes.Create();
        platform.Key = key;
        return encrypt ? platform.EncryptCbc(input, iv) : platform.DecryptCbc(input, iv);
    }
}

/// <summary>A message digest and the RSA signature that names it.</summary>
internal sealed record DeviceDigest(HashAlgorithmName Name, string Oid, string SignatureOid)
{
    public static readonly DeviceDigest[] All =
    [
        new(HashAlgorithmName.SHA256, "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11"),
        new(HashAlgorithmName.SHA384, "2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12"),
        new(HashAlgorithmName.SHA512, "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13"),
        new(HashAlgorithmName.SHA1, "1.3.14.3.2.26", "1.2.840.113549.1.1.5"),
        new(HashAlgorithmName.MD5, "1.2.840.113549.2.5", "1.2.840.113549.1.1.4"),
    ];
}

/// <summary>How a device encrypts the content key with the RA's key.</summary>
/// <param name="Hash">Of OAEP; null: PKCS#1 v1.5.</param>
/// <param name="MaskHash">Of its MGF1.</param>
internal sealed record DeviceTransport(HashAlgorithmName? Hash, HashAlgorithmName? MaskHash)
{
    public static readonly DeviceTransport[] All =
    [
        new(null, null),
        new(HashAlgorithmName.SHA1, HashAlgorithmName.SHA1),
        new(HashAlgorithmName.SHA256, HashAlgorithmName.SHA256),
        new(HashAlgorithmName.SHA256, HashAlgorithmName.SHA1),
    ];

    /// <summary>RFC 4055 §4.1; SHA-1 is the default of both, and left out.</summary>
    public byte[] Algorithm() => Hash is not { } hash || MaskHash is not { } maskHash
        ? Der.Sequence(Der.Oid("1.2.840.113549.1.1.1"), [0x05, 0x00])
        : Der.Sequence(Der.Oid("1.2.840.113549.1.1.7"), Der.Sequence([.. Field(0xA0, hash), .. MaskField(maskHash)]));

    public byte[] Encrypt(RSA key, byte[] contentKey)
    {
        if (Hash is not { } hash || MaskHash is not { } maskHash)
            return key.Encrypt(contentKey, RSAEncryptionPadding.Pkcs1);
        var oaep = new OaepEncoding(new RsaEngine(), Digest(hash), Digest(maskHash), null);
        oaep.Init(forEncryption: true, DotNetUtilities.GetRsaPublicKey(key));
        return oaep.ProcessBlock(contentKey, 0, contentKey.Length);
    }

    private static IEnumerable<byte[]> Field(byte tag, HashAlgorithmName hash) =>
        hash == HashAlgorithmName.SHA1 ? [] : [Der.Tlv(tag, Identifier(hash))];

    private static IEnumerable<byte[]> MaskField(HashAlgorithmName hash) =>
        hash == HashAlgorithmName.SHA1 ? [] : [Der.Tlv(0xA1, Der.Sequence(Der.Oid("1.2.840.113549.1.1.8"), Identifier(hash)))];

    private static byte[] Identifier(HashAlgorithmName hash) =>
        Der.Sequence(Der.Oid(DeviceDigest.All.Single(d => d.Name == hash).Oid), [0x05, 0x00]);

    private static IDigest Digest(HashAlgorithmName hash) => hash == HashAlgorithmName.SHA1 ? new Sha1Digest() : new Sha256Digest();
}

/// <summary>One combination.</summary>
internal sealed record AlgorithmCase(DeviceCipher Cipher, DeviceDigest Digest, DeviceTransport Transport)
{
    public static IEnumerable<AlgorithmCase> All() =>
        from cipher in DeviceCipher.All
        from digest in DeviceDigest.All
        from transport in DeviceTransport.All
        select new AlgorithmCase(cipher, digest, transport);

    /// <summary>A PKCSReq in these algorithms, right in every other respect.</summary>
    public byte[] Build(byte[] csr, ScepDevice device, X509Certificate2 ra, DeviceEncoding encoding)
    {
        var (key, iv) = (RandomNumberGenerator.GetBytes(Cipher.KeyLength), RandomNumberGenerator.GetBytes(Cipher.BlockLength));
        using var raKey = ra.GetRSAPublicKey()!;
        var request = new ForgedRequest
        {
            CipherOid = Cipher.Oid,
            Iv = iv,
            Ciphertext = Cipher.Run(encrypt: true, key, iv, csr),
            Recipient = ra,
            KeyTransport = Transport.Algorithm(),
            EncryptedKey = Transport.Encrypt(raKey, key),
            SignerKey = device.Key,
            SignerCertificate = device.Certificate,
            Certificates = [device.Certificate.RawData],
            Digest = Digest.Name,
            DigestOid = Digest.Oid,

            // The bare key OID or the one that names the digest: half the devices write the one, half the other.
            SignatureOid = Transport.Hash is null ? Digest.SignatureOid : ForgedRequest.RsaOid,
        };
        request.Content = encoding.Inside(request.Envelope());
        return encoding.Outside(request.Build());
    }
}
