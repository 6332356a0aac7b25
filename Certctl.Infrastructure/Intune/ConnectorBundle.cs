using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Intune;

/// <summary>A connector's certificate with the key that is believed.</summary>
public sealed record ConnectorAnchor(TrustAnchor Anchor, PublicKeyInfo Key);

/// <summary>The certificates of the connectors that a SCEP profile believes, from a PEM file.</summary>
public static class ConnectorBundle
{
    private const int MaxAnchors = 100;

    /// <summary>
    /// Reads the file once. One certificate that cannot be read, or whose key can sign no challenge, rejects the whole file, because the
    /// operator meant it to be trusted. One that is outside its validity is a warning, since it is judged when it is used:
    /// a bundle in rotation holds old and new.
    /// </summary>
    /// <param name="path">PEM: one certificate or more.</param>
    public static (IReadOnlyList<ConnectorAnchor> Anchors, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Load(
        string path, DateTimeOffset now)
    {
        var (certificates, unreadable) = KeyFiles.LoadCertificates(path);
        if (unreadable.Count > 0)
            return ([], unreadable, []);
        var problems = new List<string>();
        var anchors = certificates.Select(certificate => Read(certificate, problems))
            .OfType<ConnectorAnchor>().DistinctBy(anchor => anchor.Anchor.Sha256).ToList();
        if (anchors.Count > MaxAnchors)
            problems.Add($"it holds {anchors.Count} certificates; {MaxAnchors} connectors at most");
        foreach (var certificate in certificates)
            certificate.Dispose();
        return problems.Count > 0 ? ([], problems, []) : (anchors, [], Warnings(anchors, now));
    }

    private static ConnectorAnchor? Read(X509Certificate2 certificate, List<string> problems)
    {
        if (!CertificateReader.TryRead(certificate.RawData, out var fields, out var defect))
        {
            problems.Add($"a certificate in it cannot be read: {defect}");
            return null;
        }

        if (JwsSignature.AlgorithmOf(fields!.PublicKey) is null)
        {
            problems.Add($"{fields.Subject} has a key {fields.PublicKey.Describe()}, which can sign no challenge; "
                + "the connector needs RSA from 2048 bits, or ECDSA on P-256");
            return null;
        }

        return new ConnectorAnchor(Describe(fields), fields.PublicKey);
    }

    private static TrustAnchor Describe(RequestSigner certificate) => new(
        certificate.Subject.ToString(),
        Convert.ToHexStringLower(certificate.SerialNumber.Span),
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(certificate.CertificateDer.Span)),
        certificate.PublicKey.Describe(),
        certificate.NotBefore,
        certificate.NotAfter);

    private static List<string> Warnings(IReadOnlyList<ConnectorAnchor> anchors, DateTimeOffset now)
    {
        var warnings = anchors.Select(anchor => Warning(anchor.Anchor, now)).OfType<string>().ToList();
        if (!anchors.Any(anchor => anchor.Anchor.IsValidAt(now)))
            warnings.Add("none of its certificates is valid now: every signed challenge is refused");
        return warnings;
    }

    private static string? Warning(TrustAnchor anchor, DateTimeOffset now) => anchor switch
    {
        _ when now < anchor.NotBefore => $"{anchor.Subject} is not valid before {anchor.NotBefore:O}",
        _ when now >= anchor.NotAfter => $"{anchor.Subject} expired at {anchor.NotAfter:O}, and is not believed; take it out",
        _ when ExpiryRule.IsSoon(anchor.NotAfter, now) =>
            $"{anchor.Subject} expires at {anchor.NotAfter:O}; put its successor into the file and send SIGHUP",
        _ => null,
    };
}
