using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Infrastructure.Provisioning;

/// <summary>The pairs of a quickstart folder: found, completed or renewed.</summary>
internal sealed class QuickstartPairs(string folder, Secret? passphrase, TimeProvider clock, List<string> created)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>
    /// The CA. A key without certificate is what a crash between the two files leaves; it has signed nothing yet and is used. Where it has
    /// signed, another certificate for it would be another CA, and nothing that the old one issued would verify.
    /// </summary>
    public KeyPair Ca(string caKey)
    {
        var (cert, key) = Paths("ca");
        if (!File.Exists(cert))
        {
            if (File.Exists(key) && File.Exists(Paths("tls").Cert))
                throw new IOException($"{cert} is missing, and the CA has issued certificates: "
                    + $"put it back (it is the second certificate in {Paths("tls").Cert}), or remove {key} too to begin with a new CA.");
            if (!File.Exists(key))
            {
                using var made = QuickstartCertificates.NewKey(caKey);
                KeyFiles.WriteKey(key, made, passphrase);
            }

            using var own = LoadKey(key);
            using var certificate = QuickstartCertificates.Ca(own, clock.GetUtcNow());
            KeyFiles.WriteCertificates(cert, [certificate]);
            created.Add("ca");
        }

        return Load(cert, key);
    }

    /// <summary>
    /// The RA pairs: the one that signs, the one that decrypts, and after a renewal the one that decrypted before. A folder of an earlier
    /// version has one for both, which stays in use until it is due.
    /// </summary>
    public IReadOnlyList<PairPaths> Ra(KeyPair ca)
    {
        var (cert, key) = Paths("ra");
        var (previousCert, previousKey) = Paths("ra-previous");
        if (IsDue(cert, key, ca))
        {
            // The pair before stays beside the new one: requests that were encrypted to it are on their way.
            if (File.Exists(cert) && File.Exists(key))
            {
                File.Copy(key, previousKey, overwrite: true);
                File.SetUnixFileMode(previousKey, DurableFile.Private);
                File.Copy(cert, previousCert, overwrite: true);
            }

            Make(cert, key, "rsa-2048", made => QuickstartCertificates.RaToEncryptTo(made, ca, clock.GetUtcNow()), withChain: null);
            created.Add("ra");
        }

        var pairs = new List<PairPaths> { new(cert, key) };
        if (!MaySign(cert, key))
            pairs.Insert(0, RaSigner(ca));
        if (File.Exists(previousCert) && File.Exists(previousKey) && IsOfUse(previousCert, previousKey, ca))
            pairs.Add(new PairPaths(previousCert, previousKey));
        return pairs;
    }

    private PairPaths RaSigner(KeyPair ca)
    {
        var (cert, key) = Paths("ra-sign");
        if (IsDue(cert, key, ca))
        {
            Make(cert, key, "rsa-2048", made => QuickstartCertificates.RaThatSigns(made, ca, clock.GetUtcNow()), withChain: null);
            created.Add("ra-sign");
        }

        return new PairPaths(cert, key);
    }

    /// <summary>The TLS server certificate, with the CA behind it in the file.</summary>
    public PairPaths Tls(KeyPair ca)
    {
        var (cert, key) = Paths("tls");
        if (IsDue(cert, key, ca))
        {
            Make(cert, key, "p-256", made => QuickstartCertificates.Tls(made, ca, clock.GetUtcNow()), withChain: ca);
            created.Add("tls");
        }

        return new PairPaths(cert, key);
    }

    // A new key beside the old file, then both renamed: at any instant the names hold a pair or a key whose certificate is missing,
    // which is due.
    private void Make(
        string cert,
        string key,
        string kind,
        Func<AsymmetricAlgorithm, System.Security.Cryptography.X509Certificates.X509Certificate2> certify,
        KeyPair? withChain)
    {
        var draft = key + ".new";
        File.Delete(draft);
        using var made = QuickstartCertificates.NewKey(kind);
        KeyFiles.WriteKey(draft, made, passphrase);
        File.Delete(cert);
        File.Move(draft, key, overwrite: true);
        using var certificate = certify(made);
        KeyFiles.WriteCertificates(cert, withChain is null ? [certificate] : [certificate, withChain.Certificate]);
    }

    // A certificate of another CA is what a folder holds whose CA was taken out.
    private bool IsDue(string cert, string key, KeyPair ca)
    {
        if (!File.Exists(cert) || !File.Exists(key))
            return true;
        using var pair = Load(cert, key);
        return pair.Certificate.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime < RenewBefore
            || !CaCheck.Issued(ca.Certificate, pair.Certificate);
    }

    private bool MaySign(string cert, string key)
    {
        using var pair = Load(cert, key);
        return RaPairCheck.MaySign(pair.Certificate);
    }

    private bool IsOfUse(string cert, string key, KeyPair ca)
    {
        using var pair = Load(cert, key);
        return pair.Certificate.NotAfter.ToUniversalTime() > clock.GetUtcNow().UtcDateTime
            && CaCheck.Issued(ca.Certificate, pair.Certificate);
    }

    private KeyPair Load(string cert, string key)
    {
        var (pair, problems) = KeyFiles.LoadPair(cert, key, passphrase);
        return pair ?? throw new IOException(string.Join(' ', problems));
    }

    private AsymmetricAlgorithm LoadKey(string key)
    {
        var (loaded, problem) = PrivateKeyPem.Import(File.ReadAllText(key), passphrase);
        return loaded ?? throw new IOException($"{key}: {problem}");
    }

    private (string Cert, string Key) Paths(string name) => (Path.Combine(folder, name + ".crt"), Path.Combine(folder, name + ".key"));
}
