using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>
/// How a PasswordRecipientInfo encrypts the content key: PBKDF2 (RFC 8018 §5.2) makes an AES key out of the password, and id-alg-PWRI-KEK
/// (RFC 3211 §2.3) encrypts with it.
/// </summary>
/// <param name="Digest">Of the HMAC in PBKDF2.</param>
internal sealed record PasswordKek(
    ReadOnlyMemory<byte> Salt, int Iterations, HashAlgorithmName Digest, ContentCipher Cipher, ReadOnlyMemory<byte> Iv)
{
    // RFC 8018 §4.1 asks for eight octets.
    private const int MinSaltOctets = 8;
    private const int MaxSaltOctets = 64;

    // Three octets of check and one of length before the key (RFC 3211 §2.3.1).
    private const int Prefix = 4;
    private const int MaxWrappedOctets = 64;

    private static readonly (byte[] Oid, HashAlgorithmName Name)[] Prfs =
    [
        (Convert.FromHexString("06082A864886F70D0207"), HashAlgorithmName.SHA1),
        (Convert.FromHexString("06082A864886F70D0209"), HashAlgorithmName.SHA256),
        (Convert.FromHexString("06082A864886F70D020A"), HashAlgorithmName.SHA384),
        (Convert.FromHexString("06082A864886F70D020B"), HashAlgorithmName.SHA512),
    ];

    /// <summary>
    /// Null, with the reason in words, for algorithms or parameters that are not taken; what a message may cost is bounded here.
    /// </summary>
    public static PasswordKek? Find(PasswordRecipientInfo recipient, CryptoPolicy policy, out string? refusal)
    {
        refusal = $"password recipient with key derivation {recipient.Derivation}";
        if (!recipient.Derivation.Is(CmsOid.Pbkdf2))
            return null;
        refusal = "password recipient with PBKDF2 parameters that cannot be read, or with a salt that is not of 8 to 64 octets";
        if (!TryReadPbkdf2(recipient.Derivation.Parameters, out var salt, out var iterations, out var keyLength, out var prf))
            return null;
        refusal = $"password recipient with {iterations} iterations; {DecodingLimits.MinPasswordIterations} to "
            + $"{DecodingLimits.MaxPasswordIterations} are taken";
        if (iterations is < DecodingLimits.MinPasswordIterations or > DecodingLimits.MaxPasswordIterations)
            return null;
        refusal = "password recipient with a digest in PBKDF2 that is not taken";
        if (Array.Find(Prfs, known => prf.Span.SequenceEqual(known.Oid)).Name is not { Name: not null } digest || !policy.Takes(digest))
            return null;
        refusal = $"password recipient with key encryption {recipient.Algorithm}, or with another cipher in it than AES-CBC";
        if (ReadKek(recipient.Algorithm) is not (var cipher, var iv)
            || cipher.BlockLength != ContentCipher.MaxBlockLength || (keyLength != 0 && keyLength != cipher.KeyLength))
            return null;
        refusal = null;
        return new PasswordKek(salt, iterations, digest, cipher, iv);
    }

    /// <summary>A fresh one that costs the recipient what its own request did.</summary>
    public static PasswordKek Like(EnvelopePassword password, ContentCipher content) => new(
        RandomNumberGenerator.GetBytes(16),
        password.Iterations,
        password.Digest,
        content.KeyLength == ContentCipher.Aes256.KeyLength ? ContentCipher.Aes256 : ContentCipher.Aes128,
        RandomNumberGenerator.GetBytes(ContentCipher.MaxBlockLength));

    /// <summary>
    /// Fills <paramref name="contentKey"/>, whose length the content cipher dictates, with the key that one of the passwords opens; null,
    /// and the key a random one, where none does. All of them are tried whatever the first one gives.
    /// </summary>
    public Secret? Open(EnvelopePasswords passwords, ReadOnlySpan<byte> encryptedKey, Span<byte> contentKey)
    {
        RandomNumberGenerator.Fill(contentKey);

        // Lengths are public.
        if (encryptedKey.Length is < 2 * ContentCipher.MaxBlockLength or > MaxWrappedOctets
            || encryptedKey.Length % ContentCipher.MaxBlockLength != 0
            || encryptedKey.Length < Prefix + contentKey.Length)
            return null;
        var previous = passwords.Previous is { } before && TryOpen(before, encryptedKey, contentKey) ? before : null;
        return passwords.Current is { } current && TryOpen(current, encryptedKey, contentKey) ? current : previous;
    }

    /// <summary>The RecipientInfo.encryptedKey of a content key (RFC 3211 §2.3.1).</summary>
    public byte[] Wrap(Secret password, ReadOnlySpan<byte> contentKey)
    {
        var block = Cipher.BlockLength;
        var padded = new byte[Math.Max(2, (Prefix + contentKey.Length + block - 1) / block) * block];
        RandomNumberGenerator.Fill(padded.AsSpan(Prefix + contentKey.Length));
        padded[0] = (byte)contentKey.Length;
        for (var i = 0; i < 3; i++)
            padded[1 + i] = (byte)~contentKey[i];
        contentKey.CopyTo(padded.AsSpan(Prefix));
        using var aes = KeyOf(password);
        var inner = aes.EncryptCbc(padded, Iv.Span, PaddingMode.None);
        CryptographicOperations.ZeroMemory(padded);
        return aes.EncryptCbc(inner, inner.AsSpan(^block..), PaddingMode.None);
    }

    /// <summary>keyDerivationAlgorithm and keyEncryptionAlgorithm.</summary>
    public void WriteAlgorithms(DerWriter writer)
    {
        using (writer.Open(DerTag.ContextConstructed(0)))
        {
            writer.WriteEncoded(CmsOid.Pbkdf2);
            using (writer.Open(DerTag.Sequence))
            {
                writer.Write(DerTag.OctetString, Salt.Span);
                writer.WriteUnsigned(Iterations);

                // RFC 8018 A.2: HMAC with SHA-1 is the default, which DER leaves out.
                if (Digest != HashAlgorithmName.SHA1)
                    WritePrf(writer);
            }
        }

        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.PasswordKek);
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(Cipher.EncodedOid);
                writer.Write(DerTag.OctetString, Iv.Span);
            }
        }
    }

    private void WritePrf(DerWriter writer)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(Array.Find(Prfs, known => known.Name == Digest).Oid);
            writer.Write(DerTag.Null, []);
        }
    }

    // RFC 3211 §2.3.2. The outer pass's initial vector is the last block of the inner one, which the last two blocks give.
    private bool TryOpen(Secret password, ReadOnlySpan<byte> encryptedKey, Span<byte> contentKey)
    {
        const int block = ContentCipher.MaxBlockLength;
        Span<byte> buffer = stackalloc byte[MaxWrappedOctets];
        buffer = buffer[..encryptedKey.Length];
        Span<byte> last = stackalloc byte[block];
        using var aes = KeyOf(password);
        aes.DecryptCbc(encryptedKey[^block..], encryptedKey[^(2 * block)..^block], last, PaddingMode.None);
        aes.DecryptCbc(encryptedKey, last, buffer, PaddingMode.None);
        aes.DecryptCbc(buffer, Iv.Span, buffer, PaddingMode.None);
        var opened = ConstantTime.TakeCheckedKey(buffer, contentKey);
        CryptographicOperations.ZeroMemory(buffer);
        return opened;
    }

    private Aes KeyOf(Secret password)
    {
        var octets = Encoding.UTF8.GetBytes(password.Reveal());
        Span<byte> key = stackalloc byte[ContentCipher.MaxKeyLength];
        key = key[..Cipher.KeyLength];
        Rfc2898DeriveBytes.Pbkdf2(octets, Salt.Span, key, Iterations, Digest);
        CryptographicOperations.ZeroMemory(octets);
        var aes = Aes.Create();
        aes.SetKey(key);
        CryptographicOperations.ZeroMemory(key);
        return aes;
    }

    // RFC 8018 A.2: SEQUENCE { salt OCTET STRING, iterationCount, keyLength OPTIONAL, prf DEFAULT HMAC with SHA-1 }.
    private static bool TryReadPbkdf2(
        ReadOnlyMemory<byte> encoded, out ReadOnlyMemory<byte> salt, out int iterations, out int keyLength, out ReadOnlyMemory<byte> prf)
    {
        (salt, iterations, keyLength, prf) = (default, 0, 0, Prfs[0].Oid);
        var outer = new DerReader(encoded);
        if (!outer.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryRead(DerTag.OctetString, out salt)
            || salt.Length is < MinSaltOctets or > MaxSaltOctets
            || !fields.TryReadInt32(out iterations))
            return false;
        if (fields.PeekTag == DerTag.Integer && (!fields.TryReadInt32(out keyLength) || keyLength <= 0))
            return false;
        if (fields.AtEnd)
            return true;
        if (!AlgorithmId.TryRead(ref fields, out var named))
            return false;
        prf = named.Oid;
        return fields.AtEnd;
    }

    private static (ContentCipher Cipher, ReadOnlyMemory<byte> Iv)? ReadKek(AlgorithmId algorithm)
    {
        var outer = new DerReader(algorithm.Parameters);
        if (!algorithm.Is(CmsOid.PasswordKek) || !AlgorithmId.TryRead(ref outer, out var named))
            return null;
        var parameters = new DerReader(named.Parameters);
        return parameters.TryRead(DerTag.OctetString, out var iv) && parameters.AtEnd
            && ContentCipher.Find(named, CryptoPolicy.Legacy) is { } cipher && iv.Length == cipher.BlockLength
                ? (cipher, iv)
                : null;
    }
}
