using System.Security.Cryptography;

namespace Certctl.Api.Pages.Hosting;

/// <summary>
/// Encrypts the keys of sessions for the database, which alone opens no session then. It is derived from the CA's private key: all
/// processes of one CA have it, and there is no further secret to keep. With another CA operators sign in again.
/// </summary>
internal sealed class PagesKey
{
    private const int KeyOctets = 32;
    private const int TagOctets = 16;
    private const int NonceOctets = 12;

    private static readonly byte[] Purpose = "certctl keys of sessions"u8.ToArray();

    private readonly byte[] _key;

    private PagesKey(byte[] key) => _key = key;

    public static PagesKey Of(AsymmetricAlgorithm ca)
    {
        var secret = ca switch
        {
            RSA rsa => rsa.ExportParameters(includePrivateParameters: true).D!,
            ECDsa ec => ec.ExportParameters(includePrivateParameters: true).D!,
            _ => throw new NotSupportedException($"A CA's key of type {ca.GetType().Name} cannot encrypt the keys of sessions."),
        };
        var derived = new PagesKey(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, KeyOctets, info: Purpose));
        CryptographicOperations.ZeroMemory(secret);
        return derived;
    }

    /// <summary>Nonce, tag and AES-256-GCM ciphertext.</summary>
    public byte[] Seal(byte[] clear)
    {
        var sealedOctets = new byte[NonceOctets + TagOctets + clear.Length];
        var nonce = sealedOctets.AsSpan(0, NonceOctets);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagOctets);
        aes.Encrypt(
            nonce, clear, sealedOctets.AsSpan(NonceOctets + TagOctets), sealedOctets.AsSpan(NonceOctets, TagOctets), Purpose);
        return sealedOctets;
    }

    /// <exception cref="CryptographicException">Another key sealed it, or it was changed.</exception>
    public byte[] Open(byte[] sealedOctets)
    {
        if (sealedOctets.Length < NonceOctets + TagOctets)
            throw new CryptographicException("A key of sessions is too short.");
        var clear = new byte[sealedOctets.Length - NonceOctets - TagOctets];
        using var aes = new AesGcm(_key, TagOctets);
        aes.Decrypt(
            sealedOctets.AsSpan(0, NonceOctets), sealedOctets.AsSpan(NonceOctets + TagOctets), sealedOctets.AsSpan(NonceOctets, TagOctets),
            clear, Purpose);
        return clear;
    }
}
