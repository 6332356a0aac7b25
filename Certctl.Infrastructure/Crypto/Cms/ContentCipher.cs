using System.Security.Cryptography;
using Certctl.Application.Enrolments;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>A content-encryption algorithm in CBC mode with the padding of RFC 5652 §6.3.</summary>
internal abstract class ContentCipher
{
    // RFC 8894 §2.9: AES128-CBC is mandatory; 3DES is what Apple and MikroTik devices start with, single DES all that the oldest know. Who
    // may is for the policy to say; RC2 and the rest are not here, hence refused.
    public static readonly ContentCipher Aes128 = new PlatformCipher(
        "2.16.840.1.101.3.4.1.2", "0609608648016503040102", 16, 16, Aes.Create);

    public static readonly ContentCipher Aes192 = new PlatformCipher(
        "2.16.840.1.101.3.4.1.22", "0609608648016503040116", 24, 16, Aes.Create);

    public static readonly ContentCipher Aes256 = new PlatformCipher(
        "2.16.840.1.101.3.4.1.42", "060960864801650304012A", 32, 16, Aes.Create);

    public static readonly ContentCipher TripleDes = new PlatformCipher(
        "1.2.840.113549.3.7", "06082A864886F70D0307", 24, 8, TripleDES.Create);

    public static readonly ContentCipher Des = new SingleDes("1.3.14.3.2.7", "06052B0E030207");

    private static readonly ContentCipher[] All = [Aes128, Aes256, Aes192, TripleDes, Des];

    private readonly byte[] _encodedOid;

    protected ContentCipher(string oid, string encodedOid, int keyLength, int blockLength)
    {
        (Oid, KeyLength, BlockLength) = (oid, keyLength, blockLength);
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

    /// <summary>Null for a cipher that is unknown, or that the policy does not take.</summary>
    public static ContentCipher? Find(AlgorithmId algorithm, CryptoPolicy policy) =>
        Array.Find(All, c => algorithm.Is(c._encodedOid)) is { } cipher && policy.Takes(cipher.Oid) ? cipher : null;

    public static ContentCipher? Find(string dottedOid) => Array.Find(All, c => c.Oid == dottedOid);

    /// <summary>Octets of the ciphertext for so many of plaintext.</summary>
    public int EncryptedLength(int plaintextLength) => ((plaintextLength / BlockLength) + 1) * BlockLength;

    /// <summary>Pads, and fills <paramref name="ciphertext"/>, which is as long as <see cref="EncryptedLength"/> says.</summary>
    public abstract void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext);

    /// <summary>Some keys the cipher refuses with an exception: ask first.</summary>
    public virtual bool Refuses(ReadOnlySpan<byte> key) => false;

    /// <summary>
    /// Decrypts whole blocks into <paramref name="plaintext"/> (as long as the ciphertext). The result is the length without padding; where
    /// the padding is wrong, it is the full length with <paramref name="genuine"/> false, and the work done has been the same.
    /// </summary>
    public int Decrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext, out bool genuine)
    {
        DecryptBlocks(key, iv, ciphertext, plaintext);
        var padding = ConstantTime.PaddingLength(plaintext[^BlockLength..]);
        genuine = padding != 0;
        return plaintext.Length - padding;
    }

    protected abstract void DecryptBlocks(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext);

    private sealed class PlatformCipher(string oid, string encodedOid, int keyLength, int blockLength, Func<SymmetricAlgorithm> create)
        : ContentCipher(oid, encodedOid, keyLength, blockLength)
    {
        public override void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
        {
            using var cipher = create();
            cipher.SetKey(key);
            cipher.EncryptCbc(plaintext, iv, ciphertext, PaddingMode.PKCS7);
        }

        // Degenerate 3DES keys.
        public override bool Refuses(ReadOnlySpan<byte> key)
        {
            if (BlockLength != 8)
                return false;
            var copy = key.ToArray();
            var weak = TripleDES.IsWeakKey(copy);
            CryptographicOperations.ZeroMemory(copy);
            return weak;
        }

        protected override void DecryptBlocks(
            ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
        {
            using var cipher = create();
            cipher.SetKey(key);
            cipher.DecryptCbc(ciphertext, iv, plaintext, PaddingMode.None);
        }
    }
}
