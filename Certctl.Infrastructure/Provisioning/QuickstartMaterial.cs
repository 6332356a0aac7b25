using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Provisioning;

/// <summary>Paths of a certificate and its key.</summary>
public sealed record PairPaths(string CertPath, string KeyPath);

/// <summary>What a quickstart folder holds: a CA, an RA of two certificates, a TLS certificate, a challenge and an API key.</summary>
public sealed record QuickstartMaterial
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // 192 and 256 bits: beyond guessing.
    private const int ChallengeOctets = 24;
    private const int ApiKeyOctets = 32;

    public required string CaCertPath { get; init; }

    public required string CaKeyPath { get; init; }

    public required string TlsCertPath { get; init; }

    public required string TlsKeyPath { get; init; }

    /// <summary>
    /// The one that signs, the one to encrypt to; after a renewal the one before too, because clients may still encrypt to it.
    /// </summary>
    public required IReadOnlyList<PairPaths> RaPairs { get; init; }

    public required Secret Challenge { get; init; }

    public required Secret ApiKey { get; init; }

    /// <summary>What this call made or renewed; empty for a folder that lacked nothing.</summary>
    public required IReadOnlyList<string> Created { get; init; }

    /// <summary>
    /// Makes what the folder lacks, each file whole or not at all, keys of mode 0600 in a folder of mode 0700; a complete folder is left as
    /// it is. RA and TLS certificates under 30 days before their end are renewed with new keys.
    /// </summary>
    /// <param name="folder">Made when absent.</param>
    /// <param name="caKey">rsa-2048, rsa-3072, rsa-4096, p-256 or p-384; matters only when the CA is made.</param>
    /// <param name="passphrase">Encrypts the keys that are made and opens those that are there.</param>
    /// <exception cref="IOException">The folder cannot be used, or a pair in it cannot.</exception>
    public static QuickstartMaterial Ensure(string folder, string caKey, Secret? passphrase, TimeProvider clock)
    {
        TakeFolder(folder);
        var created = new List<string>();
        var pairs = new QuickstartPairs(folder, passphrase, clock, created);
        using var ca = pairs.Ca(caKey);
        var ra = pairs.Ra(ca);
        var tls = pairs.Tls(ca);
        return new QuickstartMaterial
        {
            CaCertPath = Path.Combine(folder, "ca.crt"),
            CaKeyPath = Path.Combine(folder, "ca.key"),
            TlsCertPath = tls.CertPath,
            TlsKeyPath = tls.KeyPath,
            RaPairs = ra,
            Challenge = EnsureSecret(Path.Combine(folder, "challenge"), ChallengeOctets, created),
            ApiKey = EnsureSecret(Path.Combine(folder, "api-key"), ApiKeyOctets, created),
            Created = created,
        };
    }

    // Restricts the mode of an empty folder or of our own; refuses one that holds other files.
    private static void TakeFolder(string folder)
    {
        if (!Directory.Exists(folder))
            Directory.CreateDirectory(folder, OwnerOnly);
        if (File.GetUnixFileMode(folder) == OwnerOnly)
            return;
        if (!File.Exists(Path.Combine(folder, "ca.key")) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"it holds other files and is open to others; take a folder of its own, or run: chmod 700 '{folder}'");
        File.SetUnixFileMode(folder, OwnerOnly);
    }

    // Never with a hyphen first: the command line of a client would take it for an option.
    internal static string NewSecret(int octets)
    {
        while (true)
        {
            if (Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(octets)) is var made && made[0] != '-')
                return made;
        }
    }

    private static Secret EnsureSecret(string path, int octets, List<string> created)
    {
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } kept)
            return new Secret(kept);
        var made = NewSecret(octets);
        DurableFile.Replace(path, Encoding.ASCII.GetBytes(made + "\n"), DurableFile.Private);
        created.Add(Path.GetFileName(path));
        return new Secret(made);
    }
}
