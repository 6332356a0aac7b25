using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>The one private key of a PEM text, whichever of the four usual shapes it has.</summary>
internal static class PrivateKeyPem
{
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";

    /// <summary>A PEM block: its label, and where its base64 stands in the text.</summary>
    internal readonly record struct Block(string Label, Range Base64);

    internal static List<Block> Blocks(ReadOnlySpan<char> text)
    {
        var blocks = new List<Block>();
        var start = 0;
        while (PemEncoding.TryFind(text[start..], out var fields))
        {
            // The ranges count from the start of what was searched.
            var (base64, length) = fields.Base64Data.GetOffsetAndLength(text.Length - start);
            blocks.Add(new Block(text[start..][fields.Label].ToString(), (start + base64)..(start + base64 + length)));
            start += fields.Location.End.Value;
        }

        return blocks;
    }

    /// <summary>
    /// The key, or why there is none, in words that say what to do and quote nothing of the file;
    /// neither where the text holds no private key at all.
    /// </summary>
    public static (AsymmetricAlgorithm? Key, string? Problem) Import(ReadOnlySpan<char> text, Secret? passphrase)
    {
        var blocks = Blocks(text).Where(block => block.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal)).ToList();
        if (blocks.Count > 1)
            return (null, "several private keys. Leave one in the file.");
        if (blocks.Count == 0)
            // RFC 7468 §3: headers inside the block (RFC 1421) are not PEM as we read it.
            return (null, text.IndexOf("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal) >= 0
                ? "the key is encrypted in OpenSSL's old format, whose key derivation is one MD5. Turn it into PKCS#8: "
                    + "openssl pkcs8 -topk8 -in FILE -out FILE.new"
                : null);

        var base64 = text[blocks[0].Base64];
        var der = new byte[base64.Length];
        try
        {
            if (!Convert.TryFromBase64Chars(base64, der, out var length))
                return (null, "the private key is not base64.");
            return ImportDer(blocks[0].Label, der.AsMemory(0, length), passphrase);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static (AsymmetricAlgorithm? Key, string? Problem) ImportDer(string label, ReadOnlyMemory<byte> der, Secret? passphrase)
    {
        try
        {
            return label switch
            {
                "PRIVATE KEY" => ImportPkcs8(Pkcs8PrivateKeyInfo.Decode(der, out _, skipCopy: true)),
                "RSA PRIVATE KEY" => (Import(NewRsa(), rsa => rsa.ImportRSAPrivateKey(der.Span, out _)), null),
                "EC PRIVATE KEY" => (Import(NewEcdsa(), ecdsa => ecdsa.ImportECPrivateKey(der.Span, out _)), null),
                "ENCRYPTED PRIVATE KEY" when passphrase is null or { IsEmpty: true } =>
                    (
                        null,
                        "the private key is encrypted and there is no passphrase. "
                        + "Set CERTCTL_KEY_PASSPHRASE or CERTCTL_KEY_PASSPHRASE_FILE."),
                "ENCRYPTED PRIVATE KEY" => Decrypt(der, passphrase),
                "OPENSSH PRIVATE KEY" =>
                    (null, "the key is in OpenSSH's own format. Convert a copy of it: ssh-keygen -p -N '' -m PKCS8 -f FILE"),
                _ => (null, $"a key of the kind '{label}' is not supported. Turn it into PKCS#8 with openssl pkcs8 -topk8."),
            };
        }
        catch (CryptographicException)
        {
            return (null, "the private key does not parse. The file is damaged, or of a kind other than its label says.");
        }
    }

    private static (AsymmetricAlgorithm? Key, string? Problem) Decrypt(ReadOnlyMemory<byte> der, Secret passphrase)
    {
        Pkcs8PrivateKeyInfo decrypted;
        try
        {
            decrypted = Pkcs8PrivateKeyInfo.DecryptAndDecode(passphrase.Reveal(), der, out _);
        }
        catch (CryptographicException)
        {
            // Whether the padding or what is behind it was wrong cannot be told apart for certain, so both possibilities are named.
            return (null,
                "the private key cannot be decrypted: the passphrase is wrong, or the file is damaged or encrypted in an unknown way.");
        }

        return ImportPkcs8(decrypted);
    }

    private static (AsymmetricAlgorithm? Key, string? Problem) ImportPkcs8(Pkcs8PrivateKeyInfo info)
    {
        var der = info.Encode();
        try
        {
            return info.AlgorithmId.Value switch
            {
                RsaOid => (Import(NewRsa(), rsa => rsa.ImportPkcs8PrivateKey(der, out _)), null),
                EcOid => (Import(NewEcdsa(), ecdsa => ecdsa.ImportPkcs8PrivateKey(der, out _)), null),
                var other => (null, $"the private key's algorithm {other} is not supported. Use RSA or ECDSA."),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static T Import<T>(T key, Action<T> import)
        where T : AsymmetricAlgorithm
    {
        try
        {
            import(key);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    // RSA.Create gives a wrapper without access to the native handle, which raw RSA decryption needs; one instance serves all threads.
    private static RSA NewRsa() => OperatingSystem.IsLinux() ? new RSAOpenSsl() : RSA.Create();

    private static ECDsa NewEcdsa() => OperatingSystem.IsLinux() ? new ECDsaOpenSsl() : ECDsa.Create();
}
