using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.Mtls;

/// <summary>A file with the CAs whose client certificates a profile believes.</summary>
public static class TrustBundle
{
    /// <summary>
    /// Reads the bundle once. A certificate that cannot be an anchor (no CA, or outside its validity) is left out with a warning; a bundle
    /// of which nothing is left is a problem.
    /// </summary>
    /// <param name="path">PEM: one CA certificate or more, roots or intermediates.</param>
    public static (IReadOnlyList<X509Certificate2> Anchors, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Load(
        string path, DateTimeOffset now)
    {
        var (certificates, problems) = KeyFiles.LoadCertificates(path);
        if (problems.Count > 0)
            return ([], problems, []);

        var anchors = new List<X509Certificate2>();
        var warnings = new List<string>();
        foreach (var certificate in certificates)
        {
            if (FindDefect(certificate, now) is { } defect)
                warnings.Add($"{certificate.Subject} {defect}, and is not used");
            else
                anchors.Add(certificate);
            if (anchors.Contains(certificate) && ExpiryRule.IsSoon(certificate.NotAfter.ToUniversalTime(), now))
                warnings.Add($"{certificate.Subject} expires at {certificate.NotAfter.ToUniversalTime():O}; "
                    + "put its successor into the file and send SIGHUP");
        }

        return anchors.Count > 0 ? (anchors, [], warnings) : ([], [$"no valid CA certificate is in it: {string.Join("; ", warnings)}"], []);
    }

    private static string? FindDefect(X509Certificate2 certificate, DateTimeOffset now)
    {
        // RFC 5280 §4.2.1.9, §4.2.1.3: without cA it verifies no certificate, nor with a keyUsage that leaves out keyCertSign.
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            return "is no CA certificate";
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
            return "has a keyUsage without keyCertSign";
        if (now < certificate.NotBefore.ToUniversalTime())
            return $"is not valid before {certificate.NotBefore.ToUniversalTime():O}";
        return now >= certificate.NotAfter.ToUniversalTime() ? $"expired at {certificate.NotAfter.ToUniversalTime():O}" : null;
    }
}
