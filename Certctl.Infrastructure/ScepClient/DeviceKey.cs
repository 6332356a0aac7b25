using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>
/// The device's RSA key. SCEP wants RSA: the reply comes encrypted to the key that signed the request, by RSA key transport (RFC 8894 §3.1).
/// </summary>
public static class DeviceKey
{
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const int LeastBits = 2048;

    public static RSA Create(int bits) => RSA.Create(bits);

    /// <summary>Reads a PEM private key (PKCS#8, encrypted PKCS#8 or PKCS#1); the exception never repeats what the file holds.</summary>
    public static RSA Load(string path, string? passphrase)
    {
        try
        {
            return Parse(path, File.ReadAllText(path), passphrase);
        }
        catch (IOException trouble)
        {
            throw Trouble(path, trouble.Message, "Check the path.", trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Trouble(path, trouble.Message, "Check the permissions of the file and of its folders.", trouble);
        }
        catch (CryptographicException trouble)
        {
            throw Unreadable(path, trouble);
        }
        catch (AsnContentException trouble)
        {
            throw Unreadable(path, trouble);
        }
    }

    /// <summary>PKCS#8 as PEM, encrypted when there is a passphrase.</summary>
    public static string ToPem(RSA key, string? passphrase) => passphrase is null
        ? key.ExportPkcs8PrivateKeyPem() + "\n"
        : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 200_000)) + "\n";

    private static RSA Parse(string path, string pem, string? passphrase)
    {
        var (label, der) = PrivateKeyBlock(pem) ?? throw Trouble(path, "there is no PEM private key in it.", "Expected: -----BEGIN PRIVATE KEY-----.");
        if (label == "ENCRYPTED PRIVATE KEY" && passphrase is null)
            throw Trouble(path, "the key is encrypted.", "Give its passphrase with --key-passphrase-file FILE.");
        RSA? rsa = null;
        try
        {
            rsa = RSA.Create();
            if (label == "RSA PRIVATE KEY")
                rsa.ImportRSAPrivateKey(der, out _);
            else
                rsa.ImportPkcs8PrivateKey(RequireRsa(path, label, der, passphrase).Encode(), out _);
            if (rsa.KeySize < LeastBits)
                throw Trouble(path, $"the RSA key has {rsa.KeySize} bits.", $"At least {LeastBits} are needed; leave out --key and a new key is made.");
            var loaded = rsa;
            rsa = null;
            return loaded;
        }
        finally
        {
            rsa?.Dispose();
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static Pkcs8PrivateKeyInfo RequireRsa(string path, string label, byte[] der, string? passphrase)
    {
        var info = label switch
        {
            "PRIVATE KEY" => Pkcs8PrivateKeyInfo.Decode(der, out _),
            "ENCRYPTED PRIVATE KEY" => Pkcs8PrivateKeyInfo.DecryptAndDecode(passphrase, der, out _),
            "EC PRIVATE KEY" => throw NotRsa(path, "an EC key"),
            _ => throw Trouble(path, $"\"{ScepStageNames.Printable(label)}\" is not a form that can be read.", "Convert it: openssl pkcs8 -topk8 -in FILE -out NEW."),
        };
        return info.AlgorithmId.Value switch
        {
            RsaOid => info,
            "1.2.840.10045.2.1" => throw NotRsa(path, "an EC key"),
            _ => throw NotRsa(path, $"no RSA key (algorithm {info.AlgorithmId.Value})"),
        };
    }

    private static (string Label, byte[] Der)? PrivateKeyBlock(string pem)
    {
        for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            var label = rest[fields.Label].ToString();
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                return (label, Convert.FromBase64String(rest[fields.Base64Data].ToString()));
        }

        return null;
    }

    private static ScepClientException NotRsa(string path, string what) => Trouble(path, $"it is {what}, and SCEP needs RSA: the server answers encrypted to the key that "
        + "signed the request, and an EC key can sign but not decrypt (RFC 8894 §3.1).", "Use an RSA key, or enrol the EC key by EST.");

    private static ScepClientException Unreadable(string path, Exception inner) => Trouble(path, "it cannot be read as a private key.",
        "Check it with: openssl pkey -in FILE -noout -check; an encrypted key needs the right --key-passphrase-file.", inner);

    private static ScepClientException Trouble(string path, string what, string advice, Exception? inner = null) =>
        new(ScepStage.Prepare, ScepClientFault.LocalFile, $"key file {path}: {what}", advice, inner);
}
