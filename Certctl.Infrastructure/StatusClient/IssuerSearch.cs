using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>
/// Where a certificate says that its CA and the responder are (RFC 5280 §4.2.2.1), and the CA itself. A CA counts as found when its key
/// verifies the certificate's signature; whether it is trusted is not asked.
/// </summary>
public static class IssuerSearch
{
    private const string AccessOid = "1.3.6.1.5.5.7.1.1";

    /// <summary>http and https URLs of OCSP responders, in the certificate's order.</summary>
    public static IReadOnlyList<Uri> Responders(X509Certificate2 certificate) => Urls(certificate, UriNames.OcspMethod);

    /// <summary>The first of the candidates that issued the certificate; null: none did.</summary>
    /// <param name="reasons">Why not, for each that has its issuer's name.</param>
    public static X509Certificate2? Among(
        X509Certificate2 certificate, IEnumerable<X509Certificate2> candidates, out IReadOnlyList<string> reasons)
    {
        var why = new List<string>();
        reasons = why;
        foreach (var candidate in candidates)
        {
            if (certificate.WhyNotIssuedBy(candidate) is not { } reason)
                return candidate;
            why.Add(reason);
        }

        return null;
    }

    /// <summary>Fetches what caIssuers names until the issuer is among it.</summary>
    /// <exception cref="StatusClientException">It is nowhere.</exception>
    public static async Task<X509Certificate2> FetchAsync(
        X509Certificate2 certificate, StatusTransport transport, CancellationToken cancellationToken)
    {
        var urls = Urls(certificate, UriNames.IssuersMethod);
        if (urls.Count == 0)
            throw new StatusClientException(
                StatusFault.Usage,
                "the certificate does not say where its issuer's certificate is (no caIssuers URL). Name it with --issuer FILE.");
        var why = new List<string>();
        foreach (var url in urls)
        {
            var answer = await transport.GetAsync(url, StatusTransport.MaxCertificates, cancellationToken);
            if (Among(certificate, Read(answer), out var reasons) is { } issuer)
                return issuer;
            why.AddRange(reasons.Count > 0 ? reasons : [$"There is no certificate at {ScepStageNames.Printable(url.ToString())}."]);
        }

        throw StatusClientException.Unusable($"the issuer is not where caIssuers points. {string.Join(' ', why)}");
    }

    // RFC 5280 §4.2.2.1: one certificate as DER, or certificates-only CMS; some servers have PEM.
    private static List<X509Certificate2> Read(StatusAnswer answer)
    {
        try
        {
            if (answer.ContentType is not ("application/pkcs7-mime" or "application/x-pkcs7-certificates"))
                return StatusFile.Certificates(answer.Body.Span);
            var bag = new SignedCms();
            bag.Decode(answer.Body.Span);
            return [.. bag.Certificates.Select(certificate => StatusFile.Load(certificate.RawDataMemory.Span))];
        }
        catch (CryptographicException trouble)
        {
            throw StatusClientException.Unusable(
                $"what {ScepStageNames.Printable(answer.Url.ToString())} serves is no certificate.", trouble);
        }
    }

    private static List<Uri> Urls(X509Certificate2 certificate, string method)
    {
        if (certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AccessOid) is not { } extension)
            return [];
        var named = UriNames.OfAccess(new AsnFields(extension.RawData), method, "authorityInfoAccess");
        return [.. named.Select(StatusTransport.Url).OfType<Uri>()];
    }
}
