using System.Security.Cryptography;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>A content-encryption algorithm in CBC mode with the padding of RFC 5652 §6.3.</summary>
internal sealed class ContentCipher
{
    // RFC 8894 §2.9: AES128-CBC is mandatory; 3DES is what Apple and MikroTik devices start with. DES, RC2 and the rest are not here, hence
    // refused.
    public static readonly ContentCipher Aes128 = new("2.16.840.1.101.3.4.1.2", "0609608648016503040102", 16, 16, Aes.Create);

    public static readonly ContentCipher Aes192 = new("2.16.840.1.101.3.4.1.22", "0609608648016503040116", 24, 16, Aes.Create);

    public static readonly ContentCipher Aes256 = new("2.16.840.1.101.3.4.1.42", "060960864801650304012A", 32, 16, Aes.Create);

    public static readonly ContentCipher TripleDes = new("1.2.840.113549.3.7", "06082A864886F70D0307", 24, 8, TripleDES.Create);

    private static readonly ContentCipher[] All = [Aes128, Aes256, Aes192, TripleDes];

    private readonly byte[] _encodedOid;
    private readonly Func<SymmetricAlgorithm> _create;

    private ContentCipher(string oid, string encodedOid, int keyLength, int blockLength, Func<SymmetricAlgorithm> create)
    {
        (Oid, KeyLength, BlockLength, _create) = (oid, keyLength, blockLength, create);
        _encodedOid = Convert.FromHexString(encodedOid);
    }

    /// <summary>The largest <see cref="KeyLength"/>, for buffers on the stack.</summary>
    public const int MaxKeyLength = 32;

    /// <summary>The largest <see cref="BlockLength"/>.</summary>
    public const int MaxBlockLength = 16;

    /// <summary>Dotted.</summary>
    public string Oid { get; }

    /// <summary>Octets.</summary>
    public int KeyLength { get; }

    /// <summary>Octets; the initialisation vector is as long.</summary>
    public int BlockLength { get; }

    /// <summary>The OID, tag and length included.</summary>
    public ReadOnlySpan<byte> EncodedOid => _encodedOid;

    public static ContentCipher? Find(AlgorithmId algorithm) => Array.Find(All, c => algorithm.Is(c._encodedOid));

    public static ContentCipher? Find(string dottedOid) => Array.Find(All, c => c.Oid == dottedOid);

    /// <summary>Octets of the ciphertext for so many of plaintext.</summary>
    public int EncryptedLength(int plaintextLength) => ((plaintextLength / BlockLength) + 1) * BlockLength;

    public void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        using var cipher = _create();
        cipher.SetKey(key);
        cipher.EncryptCbc(plaintext, iv, ciphertext, PaddingMode.PKCS7);
    }

    /// <summary>The platform refuses degenerate 3DES keys with an exception: ask first.</summary>
    public bool Refuses(ReadOnlySpan<byte> key)
    {
        if (BlockLength != 8)
            return false;
        var copy = key.ToArray();
        var weak = TripleDES.IsWeakKey(copy);
        CryptographicOperations.ZeroMemory(copy);
        return weak;
    }

    /// <summary>
    /// Decrypts whole blocks into <paramref name="plaintext"/> (as long as the ciphertext). The result is the length without padding; where
    /// the padding is wrong, it is the full length with <paramref name="genuine"/> false, and the work done has been the same.
    /// </summary>
    public int Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext, out bool genuine)
    {
        using var cipher = _create();
        cipher.SetKey(key);
        cipher.DecryptCbc(ciphertext, iv, plaintext, PaddingMode.None);
        var padding = ConstantTime.PaddingLength(plaintext[^BlockLength..]);
        genuine = padding != 0;
        return plaintext.Length - padding;
    }
}
