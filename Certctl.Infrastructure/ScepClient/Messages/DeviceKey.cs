using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>The kinds of keys that the client makes.</summary>
public enum DeviceKeyKind
{
    Rsa2048,
    Rsa3072,
    Rsa4096,
    EcP256,
    EcP384,
    EcP521,
}

/// <summary>
/// The device's key, RSA or EC. The reply comes encrypted to the key that signed the request (RFC 8894 §3.1): by RSA key transport, or by
/// ECDH where the server can do that (RFC 5753).
/// </summary>
public static class DeviceKey
{
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";
    private const int MinRsaBits = 2048;

    public static AsymmetricAlgorithm Create(DeviceKeyKind kind) => kind switch
    {
        DeviceKeyKind.Rsa2048 => RSA.Create(2048),
        DeviceKeyKind.Rsa3072 => RSA.Create(3072),
        DeviceKeyKind.Rsa4096 => RSA.Create(4096),
        DeviceKeyKind.EcP256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        DeviceKeyKind.EcP384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        DeviceKeyKind.EcP521 => ECDsa.Create(ECCurve.NamedCurves.nistP521),
    };

    /// <summary>
    /// Reads a PEM private key (PKCS#8, encrypted PKCS#8, PKCS#1 or SEC 1); the exception never repeats what the file holds.
    /// </summary>
    public static AsymmetricAlgorithm Load(string path, string? passphrase)
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
    public static string ToPem(AsymmetricAlgorithm key, string? passphrase) => passphrase is null
        ? key.ExportPkcs8PrivateKeyPem() + "\n"
        : key.ExportEncryptedPkcs8PrivateKeyPem(
            passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 200_000)) + "\n";

    private static AsymmetricAlgorithm Parse(string path, string pem, string? passphrase)
    {
        var (label, der) = PrivateKeyBlock(pem)
            ?? throw Trouble(path, "there is no PEM private key in it.", "Expected: -----BEGIN PRIVATE KEY-----.");
        try
        {
            switch (label)
            {
                case "RSA PRIVATE KEY":
                    return Checked(path, Import(RSA.Create(), rsa => rsa.ImportRSAPrivateKey(der, out _)));
                case "EC PRIVATE KEY":
                    return Checked(path, Import(ECDsa.Create(), ec => ec.ImportECPrivateKey(der, out _)));
                case "PRIVATE KEY":
                    return FromPkcs8(path, Pkcs8PrivateKeyInfo.Decode(der, out _));
                case "ENCRYPTED PRIVATE KEY":
                    return passphrase is null
                        ? throw Trouble(path, "the key is encrypted.", "Give its passphrase with --key-passphrase-file FILE.")
                        : FromPkcs8(path, Pkcs8PrivateKeyInfo.DecryptAndDecode(passphrase, der, out _));
                default:
                    throw Trouble(path, $"\"{ScepStageNames.Printable(label)}\" is not a form that can be read.",
                        "Convert it: openssl pkcs8 -topk8 -in FILE -out NEW.");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static AsymmetricAlgorithm FromPkcs8(string path, Pkcs8PrivateKeyInfo info) => info.AlgorithmId.Value switch
    {
        RsaOid => Checked(path, Import(RSA.Create(), rsa => rsa.ImportPkcs8PrivateKey(info.Encode(), out _))),
        EcOid => Checked(path, Import(ECDsa.Create(), ec => ec.ImportPkcs8PrivateKey(info.Encode(), out _))),
        _ => throw Trouble(path, $"it is neither an RSA nor an EC key (algorithm {info.AlgorithmId.Value}).",
            "Use an RSA key, or an EC key on P-256, P-384 or P-521: the server answers encrypted to the key that signed the request "
                + "(RFC 8894 §3.1)."),
    };

    private static TKey Import<TKey>(TKey key, Action<TKey> import)
        where TKey : AsymmetricAlgorithm
    {
        var imported = false;
        try
        {
            import(key);
            imported = true;
            return key;
        }
        finally
        {
            if (!imported)
                key.Dispose();
        }
    }

    private static AsymmetricAlgorithm Checked(string path, AsymmetricAlgorithm key)
    {
        var problem = key switch
        {
            RSA { KeySize: < MinRsaBits } => Trouble(
                path, $"the RSA key has {key.KeySize} bits.", $"At least {MinRsaBits} are needed; leave out --key and a new key is made."),
            ECDsa ec when !IsOnKnownCurve(ec) => Trouble(path, "the EC key is on another curve.", "Use a key on P-256, P-384 or P-521."),
            _ => null,
        };
        if (problem is null)
            return key;
        using (key)
            throw problem;
    }

    private static bool IsOnKnownCurve(ECDsa key) =>
        key.ExportParameters(
            includePrivateParameters: false).Curve.Oid is { Value: "1.2.840.10045.3.1.7" or "1.3.132.0.34" or "1.3.132.0.35" };

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

    private static ScepClientException Unreadable(string path, Exception inner) => Trouble(path, "it cannot be read as a private key.",
        "Check it with: openssl pkey -in FILE -noout -check; an encrypted key needs the right --key-passphrase-file.", inner);

    private static ScepClientException Trouble(string path, string what, string advice, Exception? inner = null) =>
        new(ScepStage.Prepare, ScepClientFault.LocalFile, $"key file {path}: {what}", advice, inner);
}
