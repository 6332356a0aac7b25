using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Certificates and private keys in files. Reads each file once: what was checked is what is used.</summary>
public static class KeyFiles
{
    /// <summary>
    /// Reads a certificate file and a key file. Problems come back in words that name the file and the remedy, all that can be found in one go:
    /// missing or unreadable file, no CERTIFICATE block, a block that does not parse, key file mode open to group or others (mode &amp; 077), no or several
    /// private keys, an encrypted key without passphrase or with a wrong one, key and first certificate that do not belong together.
    /// Never a secret, never key material in a problem.
    /// </summary>
    /// <param name="certPath">PEM: the key's own certificate first, then others.</param>
    /// <param name="keyPath">PEM: PKCS#8 (encrypted or not), PKCS#1 or SEC1.</param>
    public static (KeyPair? Pair, IReadOnlyList<string> Problems) LoadPair(string certPath, string keyPath, Secret? passphrase) =>
        throw new NotImplementedException();

    /// <summary>Writes a private key as PKCS#8 PEM (encrypted when there is a passphrase) in a new file of mode 0600; fails when the file exists.</summary>
    public static void WriteKey(string path, AsymmetricAlgorithm key, Secret? passphrase) => throw new NotImplementedException();

    /// <summary>Writes certificates as PEM, mode 0644, replacing atomically.</summary>
    public static void WriteCertificates(string path, IEnumerable<X509Certificate2> certificates) => throw new NotImplementedException();
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
