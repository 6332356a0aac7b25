using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// A recipient's RSA key that opens content-encryption keys with implicit rejection: what does not open yields a pseudo-random key that
/// depends only on the ciphertext, so the failure shows later, as content that makes no sense, and one failure cannot be told from another
/// (RFC 3218, RFC 8017 §7.2.2).
/// </summary>
internal sealed class KeyTransportKey
{
    private const int MaxModulusLength = 2048;

    private readonly RSA _key;
    private readonly RawRsa? _raw;
    private readonly byte[] _rejectionSecret = RandomNumberGenerator.GetBytes(32);
    private readonly int _modulusLength;

    /// <param name="key">Shared, not owned.</param>
    /// <param name="allowRaw">False, in tests: go the platform's way although the better one is there.</param>
    public KeyTransportKey(RSA key, bool allowRaw = true)
    {
        _key = key;
        _modulusLength = (key.KeySize + 7) / 8;
        if (_modulusLength > MaxModulusLength)
            throw new ArgumentException($"An RSA key of {key.KeySize} bits is too long.", nameof(key));
        _raw = allowRaw ? RawRsa.TryCreate(key) : null;
    }

    /// <summary>
    /// True when paddings are judged by us in constant time; false when by the platform, whose exception takes its own time.
    /// </summary>
    public bool IsConstantTime => _raw is not null;

    /// <summary>
    /// Fills <paramref name="contentKey"/>, whose length the cipher dictates, with the key that was sent, or with the substitute.
    /// </summary>
    public void Open(KeyTransport transport, ReadOnlySpan<byte> encryptedKey, Span<byte> contentKey)
    {
        Span<byte> substitute = stackalloc byte[32];
        substitute = substitute[..contentKey.Length];
        DeriveSubstitute(encryptedKey, substitute);
        if (_raw is null || !HasRoom(transport, contentKey.Length))
            OpenWithPlatform(transport, encryptedKey, substitute, contentKey);
        else
            OpenRaw(_raw, transport, encryptedKey, substitute, contentKey);
        CryptographicOperations.ZeroMemory(substitute);
    }

    private void DeriveSubstitute(ReadOnlySpan<byte> encryptedKey, Span<byte> substitute)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(_rejectionSecret, encryptedKey, mac);
        mac[..substitute.Length].CopyTo(substitute);
        CryptographicOperations.ZeroMemory(mac);
    }

    // A matter of key size and algorithm, not of the ciphertext's content.
    private bool HasRoom(KeyTransport transport, int keyLength) =>
        _modulusLength >= keyLength + (transport.OaepDigest is { } digest ? (2 * digest.Length) + 2 : 11);

    private void OpenRaw(
        RawRsa raw, KeyTransport transport, ReadOnlySpan<byte> encryptedKey, ReadOnlySpan<byte> substitute, Span<byte> contentKey)
    {
        Span<byte> encoded = stackalloc byte[MaxModulusLength];
        encoded = encoded[.._modulusLength];
        if (!raw.TryDecrypt(encryptedKey, encoded))
            substitute.CopyTo(contentKey);
        else if (transport is { OaepDigest: { } digest, MaskDigest: { } maskDigest })
            UnpadOaep(digest, maskDigest, encoded, substitute, contentKey);
        else
            ConstantTime.UnpadPkcs1(encoded, substitute, contentKey);
        CryptographicOperations.ZeroMemory(encoded);
    }

    // RFC 8017 §7.1.2 step 3: EM = Y || maskedSeed || maskedDB.
    private static void UnpadOaep(
        MessageDigest digest, MessageDigest maskDigest, Span<byte> encoded, ReadOnlySpan<byte> substitute, Span<byte> contentKey)
    {
        var seed = encoded.Slice(1, digest.Length);
        var block = encoded[(1 + digest.Length)..];
        ApplyMask(maskDigest, block, seed);
        ApplyMask(maskDigest, seed, block);
        Span<byte> labelHash = stackalloc byte[MessageDigest.MaxLength];
        labelHash = labelHash[..digest.Compute([], labelHash)];
        ConstantTime.UnpadOaep(encoded[0], block, labelHash, substitute, contentKey);
    }

    // RFC 8017 appendix B.2.1, MGF1, xored on the target.
    private static void ApplyMask(MessageDigest digest, ReadOnlySpan<byte> seed, Span<byte> target)
    {
        Span<byte> counted = stackalloc byte[MaxModulusLength + sizeof(int)];
        Span<byte> mask = stackalloc byte[MessageDigest.MaxLength];
        counted = counted[..(seed.Length + sizeof(int))];
        seed.CopyTo(counted);
        for (int start = 0, counter = 0; start < target.Length; start += digest.Length, counter++)
        {
            BinaryPrimitives.WriteInt32BigEndian(counted[seed.Length..], counter);
            digest.Compute(counted, mask);
            var part = target[start..Math.Min(start + digest.Length, target.Length)];
            for (var i = 0; i < part.Length; i++)
                part[i] ^= mask[i];
        }

        CryptographicOperations.ZeroMemory(counted);
        CryptographicOperations.ZeroMemory(mask);
    }

    // The exception is the platform's word for "wrong padding": the same substitute answers it, though not in the same time.
    private void OpenWithPlatform(
        KeyTransport transport, ReadOnlySpan<byte> encryptedKey, ReadOnlySpan<byte> substitute, Span<byte> contentKey)
    {
        Span<byte> message = stackalloc byte[MaxModulusLength];
        substitute.CopyTo(contentKey);
        if (transport.PlatformPadding() is not { } padding)
            return;
        try
        {
            if (_key.TryDecrypt(encryptedKey, message, padding, out var length) && length == contentKey.Length)
                message[..length].CopyTo(contentKey);
        }
        catch (CryptographicException)
        {
            substitute.CopyTo(contentKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(message);
        }
    }
}
