using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// The bare RSA private operation, which <see cref="RSA"/> does not offer: with <c>RSA_NO_PADDING</c> OpenSSL (blinding included) hands out
/// the whole encoded message, so that the padding can be judged in constant time instead of by an exception.
/// </summary>
internal sealed partial class RawRsa
{
    private const string Library = "libcrypto.so.3";
    private const int NoPadding = 3;

    private readonly SafeEvpPKeyHandle _key;
    private readonly int _modulusLength;

    private RawRsa(SafeEvpPKeyHandle key, int modulusLength) => (_key, _modulusLength) = (key, modulusLength);

    /// <summary>
    /// Null where this cannot be done: no OpenSSL 3, another libcrypto than the platform's, a key that cannot leave its device, or a failed
    /// self-test. Costs about two private operations and an import: for start-up.
    /// </summary>
    public static RawRsa? TryCreate(RSA key)
    {
        if (!IsAvailable())
            return null;
        var handle = TryGetHandle(key);
        if (handle is null)
            return null;
        var raw = new RawRsa(handle, (key.KeySize + 7) / 8);
        if (raw.PassesSelfTest(key))
            return raw;
        handle.Dispose();
        return null;
    }

    /// <summary>
    /// <paramref name="encoded"/> = <paramref name="ciphertext"/>^d mod n, all octets of it. False when the number is not below n or not as
    /// long as n: the sender can see both.
    /// </summary>
    public bool TryDecrypt(ReadOnlySpan<byte> ciphertext, Span<byte> encoded)
    {
        if (ciphertext.Length != _modulusLength || encoded.Length != _modulusLength)
            return false;
        var context = EVP_PKEY_CTX_new(_key, 0);
        if (context == 0)
            throw new CryptographicException("OpenSSL has no context for an RSA decryption.");
        try
        {
            nint length = encoded.Length;
            if (EVP_PKEY_decrypt_init(context) <= 0 || EVP_PKEY_CTX_set_rsa_padding(context, NoPadding) <= 0)
                throw new CryptographicException("OpenSSL refuses an RSA decryption without padding.");
            if (EVP_PKEY_decrypt(context, encoded, ref length, ciphertext, ciphertext.Length) > 0 && length == encoded.Length)
                return true;

            // The platform reads this thread's error queue after its own calls: leave nothing of ours in it.
            ERR_clear_error();
            return false;
        }
        finally
        {
            EVP_PKEY_CTX_free(context);
        }
    }

    // The handle belongs to the libcrypto that the platform loaded, and another build must not touch it: the public keys' fast path has
    // made sure of that.
    private static bool IsAvailable() =>
        OperatingSystem.IsLinux()
        && RsaPublicKeys.IsFast
        && NativeLibrary.TryLoad(Library, out var library)
        && NativeLibrary.TryGetExport(library, "EVP_PKEY_CTX_set_rsa_padding", out _);

    private static SafeEvpPKeyHandle? TryGetHandle(RSA key)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        if (key is RSAOpenSsl native)
            return native.DuplicateKeyHandle();

        // RSA.Create() hides its RSAOpenSsl in a wrapper.
        RSAParameters parameters;
        try
        {
            parameters = key.ExportParameters(includePrivateParameters: true);
        }
        catch (CryptographicException)
        {
            return null;
        }

        try
        {
            using var copy = new RSAOpenSsl(parameters);
            return copy.DuplicateKeyHandle();
        }
        finally
        {
            foreach (var part in new[] { parameters.D, parameters.P, parameters.Q, parameters.DP, parameters.DQ, parameters.InverseQ })
                CryptographicOperations.ZeroMemory(part);
        }
    }

    private bool PassesSelfTest(RSA key)
    {
        var message = RandomNumberGenerator.GetBytes(16);
        var ciphertext = key.Encrypt(message, RSAEncryptionPadding.Pkcs1);
        Span<byte> encoded = new byte[_modulusLength];
        return TryDecrypt(ciphertext, encoded)
            && encoded.StartsWith([(byte)0, (byte)2])
            && encoded[^17] == 0 && encoded[^16..].SequenceEqual(message);
    }

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_CTX_new(SafeEvpPKeyHandle key, nint engine);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_decrypt_init(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_CTX_set_rsa_padding(nint context, int padding);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_decrypt(
        nint context, Span<byte> output, ref nint outputLength, ReadOnlySpan<byte> input, nint inputLength);

    [LibraryImport(Library)]
    private static partial void ERR_clear_error();
}
