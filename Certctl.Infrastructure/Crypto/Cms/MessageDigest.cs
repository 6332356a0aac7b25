using System.Security.Cryptography;
using Certctl.Application.Enrolments;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>A message digest that we verify and sign with, and the signature algorithms that use it.</summary>
internal sealed class MessageDigest
{
    // RFC 8894 §2.9 demands SHA-256; SHA-1 is still what a good part of the devices in the field sign with, and MD5 what the oldest do.
    // Who may is for the policy to say; SHA-224 and the rest are not here, hence refused.
    public static readonly MessageDigest Md5 = new(
        "1.2.840.113549.2.5", HashAlgorithmName.MD5, 16, "06082A864886F70D0205", "06092A864886F70D010104", "");

    public static readonly MessageDigest Sha1 = new(
        "1.3.14.3.2.26", HashAlgorithmName.SHA1, 20, "06052B0E03021A", "06092A864886F70D010105", "06072A8648CE3D0401");

    public static readonly MessageDigest Sha256 = new(
        "2.16.840.1.101.3.4.2.1", HashAlgorithmName.SHA256, 32, "0609608648016503040201", "06092A864886F70D01010B", "06082A8648CE3D040302");

    public static readonly MessageDigest Sha384 = new(
        "2.16.840.1.101.3.4.2.2", HashAlgorithmName.SHA384, 48, "0609608648016503040202", "06092A864886F70D01010C", "06082A8648CE3D040303");

    public static readonly MessageDigest Sha512 = new(
        "2.16.840.1.101.3.4.2.3", HashAlgorithmName.SHA512, 64, "0609608648016503040203", "06092A864886F70D01010D", "06082A8648CE3D040304");

    private static readonly MessageDigest[] All = [Sha256, Sha512, Sha1, Sha384, Md5];

    private readonly byte[] _encodedOid;
    private readonly byte[] _rsaSignatureOid;
    private readonly byte[] _ecdsaSignatureOid;

    private MessageDigest(
        string oid, HashAlgorithmName name, int length, string encodedOid, string rsaSignatureOid, string ecdsaSignatureOid)
    {
        (Oid, Name, Length) = (oid, name, length);
        _encodedOid = Convert.FromHexString(encodedOid);
        _rsaSignatureOid = Convert.FromHexString(rsaSignatureOid);
        _ecdsaSignatureOid = Convert.FromHexString(ecdsaSignatureOid);
    }

    /// <summary>The largest <see cref="Length"/>, for buffers on the stack.</summary>
    public const int MaxLength = 64;

    /// <summary>Dotted.</summary>
    public string Oid { get; }

    public HashAlgorithmName Name { get; }

    /// <summary>Octets of a digest.</summary>
    public int Length { get; }

    /// <summary>The digest's OID, tag and length included.</summary>
    public ReadOnlySpan<byte> EncodedOid => _encodedOid;

    /// <summary>Null for a digest that is unknown, or that the policy does not take.</summary>
    public static MessageDigest? Find(AlgorithmId algorithm, CryptoPolicy policy) =>
        Array.Find(All, d => algorithm.Is(d._encodedOid)) is { } digest && policy.Takes(digest.Name) ? digest : null;

    public static MessageDigest? Find(string dottedOid) => Array.Find(All, d => d.Oid == dottedOid);

    /// <summary>shaNWithRSAEncryption with this very digest.</summary>
    public bool IsRsaSignature(AlgorithmId algorithm) => algorithm.Is(_rsaSignatureOid);

    /// <summary>ecdsa-with-SHAn with this very digest; there is none with MD5.</summary>
    public bool IsEcdsaSignature(AlgorithmId algorithm) => algorithm.Is(_ecdsaSignatureOid);

    /// <summary>Writes <see cref="Length"/> octets and says how many.</summary>
    public int Compute(ReadOnlySpan<byte> data, Span<byte> digest) => CryptographicOperations.HashData(Name, data, digest);
}
