using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Admin.Import;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Import;

/// <summary>Where imported certificates will stand.</summary>
/// <param name="PathId">Of the SCEP profile that renews them.</param>
public sealed record ImportTarget(string IssuerId, string ProfileId, string PathId);

/// <summary>Makes records of the inventory of certificates that another server issued, if our CA signed them.</summary>
/// <param name="ca">The CA that both servers share.</param>
public sealed class ForeignCertificates(X509Certificate2 ca, ImportTarget target)
{
    /// <summary>What cannot be taken over and why, a line each.</summary>
    public List<string> Problems { get; } = [];

    public List<ForeignCertificate> Found { get; } = [];

    /// <param name="place">For problems.</param>
    public void Add(
        string place, ReadOnlyMemory<byte> der, DateTimeOffset? revokedAt = null, RevocationReason reason = RevocationReason.Unspecified)
    {
        if (der.Span.SequenceEqual(ca.RawData))
            return;
        if (!CertificateReader.TryRead(der, out var read, out var defect))
            Problems.Add($"{place}: {defect}");
        else if (IssuedCertificate.SerialText(read!.SerialNumber.Span) is not { } serial)
            Problems.Add($"{place}: its serial number is 0 or has more than 20 octets");
        else if (FindForgery(der) is { } forgery)
            Problems.Add($"{place}: {forgery}");
        else
        {
            var names = CertificateReader.FindSubjectAltNames(der) is { } value
                && GeneralNameReader.TryReadAll(value, out var all, out _) ? all : [];
            Found.Add(new ForeignCertificate(
                new IssuedCertificate
                {
                    IssuerId = target.IssuerId,
                    SerialNumber = serial,
                    ProfileId = target.ProfileId,
                    PathId = target.PathId,
                    Source = ScepProtocol.Name,
                    Subject = read.Subject.ToString(),
                    CommonName = read.Subject.CommonName,
                    SubjectAltNames = [.. names.Select(name => name.ToString())],
                    AuthorityKeyId = CertificateReader.FindAuthorityKeyIdentifier(der) is { } key ? Convert.ToHexStringLower(key.Span) : "",
                    NotBefore = read.NotBefore,
                    NotAfter = read.NotAfter,
                    KeyAlgorithm = read.PublicKey.Describe(),
                    PublicKeySha256 = read.PublicKey.Sha256.ToArray(),
                    Sha256 = SHA256.HashData(der.Span),
                    Der = der.ToArray(),
                    CreatedAt = read.NotBefore,
                },
                revokedAt,
                reason));
        }
    }

    // Whether it is valid today serves no purpose here, only whose signature it has.
    private string? FindForgery(ReadOnlyMemory<byte> der)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der.Span);
            return IsSignedByCa(certificate) ? null : $"the CA {ca.Subject} did not sign it";
        }
        catch (CryptographicException unreadable)
        {
            return $"the platform cannot read it: {unreadable.Message}";
        }
    }

    private bool IsSignedByCa(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags =
            X509VerificationFlags.IgnoreNotTimeValid | X509VerificationFlags.AllowUnknownCertificateAuthority;
        return chain.Build(certificate) && chain.ChainElements.Count > 1
            && chain.ChainElements[1].Certificate.RawData.AsSpan().SequenceEqual(ca.RawData);
    }
}
