using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Certificates and private keys in files. Reads each file once: what was checked is what is used.</summary>
public static class KeyFiles
{
    /// <summary>Far above any real chain; keeps a wrong path (a disk image, a log) from being read into memory.</summary>
    private const int MaxFileSize = 1 << 20;

    // OWASP's figure for PBKDF2 with HMAC-SHA256: a passphrase is guessed at a few hundred tries a second and core.
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    /// <summary>
    /// Reads a certificate file and a key file. Problems come back in words that name the file and the remedy, all that can be found in one
    /// go: missing or unreadable file, no CERTIFICATE block, a block that does not parse, a key file that is too open
    /// (<see cref="KeyFileMode"/>), no or several private keys, an encrypted key without passphrase or with a wrong one, key and first
    /// certificate that do not belong together. Never a secret, never key material in a problem.
    /// </summary>
    /// <param name="certPath">PEM: the key's own certificate first, then others.</param>
    /// <param name="keyPath">PEM: PKCS#8 (encrypted or not), PKCS#1 or SEC1.</param>
    public static (KeyPair? Pair, IReadOnlyList<string> Problems) LoadPair(string certPath, string keyPath, Secret? passphrase)
    {
        var problems = new List<string>();
        var certificates = ReadCertificates(certPath, problems);
        var key = ReadKey(keyPath, passphrase, problems);
        if (certificates.Count > 0 && key is not null && FindMismatch(certificates[0], key) is { } mismatch)
            problems.Add(Misordered(certificates, key, keyPath, certPath) ?? $"{keyPath}: {mismatch} (certificate file {certPath}).");
        if (problems.Count == 0 && key is not null)
            return (new KeyPair(certificates[0], key, certificates[1..]), problems);

        key?.Dispose();
        certificates.ForEach(certificate => certificate.Dispose());
        return (null, problems);
    }

    /// <summary>
    /// Reads a file of certificates alone; problems as <see cref="LoadPair"/> has them, and no certificate when there is one.
    /// </summary>
    public static (IReadOnlyList<X509Certificate2> Certificates, IReadOnlyList<string> Problems) LoadCertificates(string path)
    {
        var problems = new List<string>();
        var certificates = ReadCertificates(path, problems);
        return problems.Count == 0 ? (certificates, problems) : ([], problems);
    }

    /// <summary>
    /// Writes a private key as PKCS#8 PEM (encrypted when there is a passphrase) in a new file of mode 0600; fails when the file exists.
    /// </summary>
    /// <exception cref="IOException">The file exists, or cannot be written; nothing half-written is left.</exception>
    public static void WriteKey(string path, AsymmetricAlgorithm key, Secret? passphrase)
    {
        var bytes = Encoding.ASCII.GetBytes(ExportPem(key, passphrase) + "\n");
        try
        {
            DurableFile.WriteNew(path, bytes, DurableFile.Private);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// Writes a private key as <see cref="WriteKey"/> does and its certificate into one file of mode 0600, replacing atomically:
    /// <see cref="LoadPair"/> finds both there, and never one of another pair.
    /// </summary>
    /// <exception cref="IOException">It cannot be written; nothing half-written is left.</exception>
    public static void ReplacePair(string path, AsymmetricAlgorithm key, X509Certificate2 certificate, Secret? passphrase)
    {
        var bytes = Encoding.ASCII.GetBytes($"{certificate.ExportCertificatePem()}\n{ExportPem(key, passphrase)}\n");
        try
        {
            DurableFile.Replace(path, bytes, DurableFile.Private);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static string ExportPem(AsymmetricAlgorithm key, Secret? passphrase) => passphrase is { IsEmpty: false }
        ? key.ExportEncryptedPkcs8PrivateKeyPem(passphrase.Reveal(), KeyEncryption)
        : key.ExportPkcs8PrivateKeyPem();

    /// <summary>Writes certificates as PEM, mode 0644, replacing atomically.</summary>
    public static void WriteCertificates(string path, IEnumerable<X509Certificate2> certificates)
    {
        var pem = string.Concat(certificates.Select(certificate => certificate.ExportCertificatePem() + "\n"));
        DurableFile.Replace(path, Encoding.ASCII.GetBytes(pem), DurableFile.Public);
    }

    private static List<X509Certificate2> ReadCertificates(string path, List<string> problems)
    {
        var certificates = new List<X509Certificate2>();
        if (TryReadFile(path, "certificate", isKey: false, problems) is not { } bytes)
            return certificates;

        var text = Encoding.Latin1.GetString(bytes);
        var blocks = 0;
        foreach (var block in PrivateKeyPem.Blocks(text).Where(block => block.Label is "CERTIFICATE" or "X509 CERTIFICATE"))
        {
            blocks++;
            try
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text[block.Base64])));
            }
            catch (CryptographicException)
            {
                problems.Add($"{path}: CERTIFICATE block {blocks} is not a certificate. Export it again as PEM.");
            }
        }

        if (text.Split("-----BEGIN CERTIFICATE-----").Length - 1 > blocks)
            problems.Add($"{path}: a CERTIFICATE block is cut off or not base64. Copy the whole file again.");
        else if (blocks == 0)
            problems.Add(
                $"{path}: {PemDiagnosis.NoCertificate(path, bytes, [.. PrivateKeyPem.Blocks(text).Select(block => block.Label)])}");
        return certificates;
    }

    private static AsymmetricAlgorithm? ReadKey(string path, Secret? passphrase, List<string> problems)
    {
        if (TryReadFile(path, "private key", isKey: true, problems) is not { } bytes)
            return null;

        var text = Encoding.Latin1.GetChars(bytes);
        try
        {
            var (key, problem) = PrivateKeyPem.Import(text, passphrase);
            if (problem is not null)
                problems.Add($"{path}: {problem}");
            else if (key is null)
                problems.Add($"{path}: {PemDiagnosis.NoKey(path, bytes, [.. PrivateKeyPem.Blocks(text).Select(block => block.Label)])}");
            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Array.Clear(text);
        }
    }

    // The mode is asked of the open handle: a file swapped between check and read would not be the one that was checked.
    private static byte[]? TryReadFile(string path, string what, bool isKey, List<string> problems)
    {
        try
        {
            if (Directory.Exists(path))
            {
                problems.Add($"{path}: it is a folder. Name the {what} file in it.");
                return null;
            }

            using var handle = File.OpenHandle(path);
            if (isKey && !OperatingSystem.IsWindows() && KeyFileMode.Of(handle) is { OpenTo: { } whom } mode)
            {
                problems.Add($"{path}: the private key is open to {whom} (mode {mode.Octal}); {mode.Remedy(path)}");
                return null;
            }

            var length = RandomAccess.GetLength(handle);
            if (length is > 0 and <= MaxFileSize)
                return WithoutMark(ReadAll(handle, (int)length));
            problems.Add($"{path}: the {what} file is {(length == 0 ? "empty" : "larger than 1 MiB")}.");
        }
        catch (FileNotFoundException)
        {
            problems.Add($"{path}: the {what} file does not exist.");
        }
        catch (DirectoryNotFoundException)
        {
            problems.Add($"{path}: the folder of the {what} file does not exist.");
        }
        catch (IOException unreadable)
        {
            problems.Add($"{path}: the {what} file cannot be read ({unreadable.GetType().Name}).");
        }
        catch (UnauthorizedAccessException)
        {
            problems.Add($"{path}: the {what} file cannot be read. It must be a file that the server's user may read.");
        }

        return null;
    }

    // An editor's mark for UTF-8; what follows is the text.
    private static byte[] WithoutMark(byte[] bytes) =>
        bytes.AsSpan().StartsWith(TextEncodings.Utf8Mark) ? bytes[TextEncodings.Utf8Mark.Length..] : bytes;

    private static byte[] ReadAll(Microsoft.Win32.SafeHandles.SafeFileHandle handle, int length)
    {
        var bytes = new byte[length];
        var read = 0;
        while (read < length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var n)
            read += n;
        return read == length ? bytes : bytes[..read];
    }

    // A signature made and verified says more than equal public parts: it also catches a private key whose parts do not fit each other.
    private static string? FindMismatch(X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        var hash = SHA256.HashData("certctl key pair check"u8);
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            using var ecdsa = certificate.GetECDsaPublicKey();
            var fits = key switch
            {
                RSA own => rsa?.VerifyHash(
                    hash,
                    own.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                    HashAlgorithmName.SHA256,
                    RSASignaturePadding.Pkcs1),
                ECDsa own => ecdsa?.VerifyHash(hash, own.SignHash(hash)),
                _ => false,
            };
            return fits == true ? null : "the private key does not belong to the first certificate";
        }
        catch (CryptographicException)
        {
            return "the private key or the first certificate's key is unusable: a trial signature failed";
        }
    }

    // Bundles that begin with the root are common; the server needs its own certificate first.
    private static string? Misordered(List<X509Certificate2> certificates, AsymmetricAlgorithm key, string keyPath, string certPath) =>
        certificates.FindIndex(1, certificate => FindMismatch(certificate, key) is null) is > 0 and var at
            ? $"{certPath}: the private key ({keyPath}) belongs to certificate {at + 1} of the file, {certificates[at].Subject}. "
                + "Put that one first, then its issuers up to the root."
            : null;
}

/// <summary>A private key with its certificate and what else stood in the certificate file. Owns all of them.</summary>
/// <param name="Certificate">The key's certificate, without the private key.</param>
/// <param name="Key"><see cref="RSA"/> or <see cref="ECDsa"/>, one shared instance for the process.</param>
/// <param name="Chain">The further certificates of the file, in file order.</param>
public sealed record KeyPair(X509Certificate2 Certificate, AsymmetricAlgorithm Key, IReadOnlyList<X509Certificate2> Chain) : IDisposable
{
    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
        foreach (var certificate in Chain)
            certificate.Dispose();
    }
}
