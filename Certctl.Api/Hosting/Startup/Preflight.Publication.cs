using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Server;
using Certctl.Infrastructure.Crypto.Keys;

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
        if (options.Publication.BaseUrl == PublicationSettings.NoUrls)
            return null;
        var url = options.Publication.BaseUrl ?? OwnUrl(options, tls);

        // Where the operator names both URLs, no certificate goes by ours for status.
        if ((options.Ca.CrlUrls.Count == 0 || options.Ca.OcspUrl is null) && ObstacleOf(url, options, tls) is { } obstacle)
        {
            checks.Add(new PreflightCheck(
                "publication",
                [],
                [$"{obstacle}; set CERTCTL_PUBLICATION_BASE_URL to the http URL under which relying parties reach this server, or to "
                    + $"{PublicationSettings.NoUrls}"]));
        }

        return url;
    }

    private static string? OwnUrl(CertctlOptions options, X509Certificate2 tls)
    {
        var (scheme, port, usual) = options.Publication.Port is { } plain ? ("http", plain, 80) : ("https", options.Server.Port, 443);

        // A port that the system chooses is another one after each start.
        if (port == 0 || NameOf(tls) is not { } name)
            return null;
        return port == usual ? $"{scheme}://{name}" : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{name}:{port}");
    }

    // What certificates name they name for as long as they live, so it is said before the first one is issued. A server that listens on
    // a loopback address, as quickstart does, may well be known by one.
    private static string? ObstacleOf(string? url, CertctlOptions options, X509Certificate2 tls)
    {
        const string Without = "so certificates carry no URL of CRL and OCSP, and relying parties cannot find out what is revoked";
        var isLocal = Resolve(options.Server.Host) is { } address && IPAddress.IsLoopback(address);
        if (url is null)
        {
            return NameOf(tls) is null ? $"the TLS certificate names no host, {Without}"
                : isLocal ? null : $"the port, 0, is another one after each start, {Without}";
        }

        var at = new Uri(url);
        if (at.IsLoopback)
            return isLocal ? null : $"certificates name {url} for CRL and OCSP, which every other machine takes for itself";

        // RFC 5280 §8: a relying party would have to verify another certificate first, and may need this CRL for that.
        return at.Scheme == Uri.UriSchemeHttps
            ? $"certificates name {url} for CRL and OCSP, and many relying parties fetch them by plain http alone "
                + "(CERTCTL_PUBLICATION_PORT)"
            : null;
    }

    private static void CheckResponderFolder(string? folder, List<PreflightCheck> checks)
    {
        if (folder is null)
            return;
        var (problems, warnings) = KeyFolder.Check(folder);
        checks.Add(new PreflightCheck($"folder of OCSP responder keys {folder}", problems, warnings));
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
