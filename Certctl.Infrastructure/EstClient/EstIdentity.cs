using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>User name and password of HTTP Basic (RFC 7030 §3.2.3). The password is asked for when a server asks for it.</summary>
/// <param name="user">May be empty, where the password alone says who asks.</param>
/// <param name="password">Null when there is none.</param>
public sealed class EstCredentials(string user, Func<string?> password)
{
    /// <summary>The value of Authorization; null without a password.</summary>
    internal string? Basic() => password() is { Length: > 0 } text
        ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{text}"))
        : null;
}

/// <summary>A certificate and its key, for TLS client authentication (RFC 7030 §3.3.2).</summary>
public sealed class EstIdentity : IDisposable
{
    private EstIdentity(X509Certificate2 pair, X509Certificate2Collection intermediates)
    {
        Pair = pair;
        Context = SslStreamCertificateContext.Create(pair, intermediates, offline: true);
    }

    /// <summary>With the private key.</summary>
    internal X509Certificate2 Pair { get; }

    internal SslStreamCertificateContext Context { get; }

    /// <summary>As the certificate has it, or as RFC 5280 §4.2.1.2 (1) makes it for one that has none.</summary>
    internal byte[] KeyIdentifier => Convert.FromHexString(
        (Pair.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()
            ?? new X509SubjectKeyIdentifierExtension(Pair.PublicKey, critical: false)).SubjectKeyIdentifier!);

    /// <param name="certificates">The certificate first; those behind it are sent as its chain.</param>
    /// <param name="path">Of the certificates, for the message.</param>
    public static EstIdentity From(IReadOnlyList<X509Certificate2> certificates, AsymmetricAlgorithm key, string path)
    {
        if (!certificates[0].HasKeyOf(key.ExportSubjectPublicKeyInfo()))
            throw new EstClientException(EstStage.Prepare, EstFault.LocalFile,
                $"the key that was given is not the key of the certificate in {path}.", "Name the pair that belongs together.");
        var pair = key switch
        {
            RSA rsa => certificates[0].CopyWithPrivateKey(rsa),
            ECDsa ec => certificates[0].CopyWithPrivateKey(ec),
            _ => throw new ArgumentException("A device's key is RSA or EC.", nameof(key)),
        };
        return new EstIdentity(pair, [.. certificates.Skip(1)]);
    }

    public void Dispose() => Pair.Dispose();
}
