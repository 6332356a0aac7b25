using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;

namespace Certctl.Api.Hosting.Startup;

internal static partial class Preflight
{
    /// <summary>
    /// What the URLs in certificates begin with that no setting of the CA names; null: they have none, and where that could be mended, a
    /// warning says so.
    /// </summary>
    /// <param name="tls">The server's own certificate, for the server's name.</param>
    public static string? FindPublicationUrl(CertctlOptions options, X509Certificate2 tls, List<PreflightCheck> checks)
    {
        if (options.Publication.BaseUrl is { } baseUrl)
            return baseUrl;
        var (scheme, port, usual) = options.Publication.Port is { } plain ? ("http", plain, 80) : ("https", options.Server.Port, 443);

        // A port that the system chooses is another one after each start.
        if (port == 0)
            return null;
        if (NameOf(tls) is { } name)
            return port == usual ? $"{scheme}://{name}" : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{name}:{port}");
        if (options.Ca.CrlUrls.Count == 0 || options.Ca.OcspUrl is null)
        {
            checks.Add(new PreflightCheck(
                "publication",
                [],
                ["the TLS certificate names no host, so certificates carry no URL of CRL and OCSP, and relying parties cannot find out "
                    + "what is revoked; set CERTCTL_PUBLICATION_BASE_URL to the URL under which they reach this server"]));
        }

        return null;
    }

    // RFC 5280 §4.2.1.6. A wildcard is no name of a host.
    private static string? NameOf(X509Certificate2 tls)
    {
        var names = tls.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        return names.SelectMany(extension => extension.EnumerateDnsNames())
            .FirstOrDefault(name => Uri.CheckHostName(name) == UriHostNameType.Dns && name.All(char.IsAscii))
            ?? names.SelectMany(extension => extension.EnumerateIPAddresses())
                .Select(address => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString())
                .FirstOrDefault();
    }
}
