using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Publication;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// Fetches what certificates point to, as a relying party would. What is amiss is a warning: the server runs, and what stands between it
/// and relying parties may be right although this machine cannot reach it.
/// </summary>
internal static class PublicationDoctor
{
    private const int MaxCrl = 256 * 1024 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <param name="urls">As they stand in certificates of <paramref name="ca"/>.</param>
    public static async Task<IReadOnlyList<PreflightCheck>> RunAsync(
        StatusUrls urls, X509Certificate2 ca, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A CRL and an OCSP answer are signed: the server that they come from need not be one to trust.
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        };
        using var http = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = MaxCrl };
        var checks = new List<PreflightCheck>();
        foreach (var url in urls.Crls)
        {
            checks.Add(await AskAsync(
                $"CRL {url}",
                () => http.GetAsync(url, cancellationToken),
                octets => PublishedStatus.FindDefectOfCrl(octets, ca, now)));
        }

        if (urls.Ocsp is { } ocsp)
        {
            // Any serial number does: that it is unknown is an answer, too.
            using var request = new ByteArrayContent(PublishedStatus.OcspRequest(ca, [1]));
            request.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
            checks.Add(await AskAsync(
                $"OCSP {ocsp}",
                () => http.PostAsync(ocsp, request, cancellationToken),
                octets => PublishedStatus.FindDefectOfOcsp(octets)));
        }

        if (urls.CaIssuers is { } issuers)
        {
            checks.Add(await AskAsync(
                $"CA certificate {issuers}",
                () => http.GetAsync(issuers, cancellationToken),
                octets => octets.AsSpan().SequenceEqual(ca.RawData) ? null : "it is not the certificate of the CA"));
        }

        return checks;
    }

    private static async Task<PreflightCheck> AskAsync(string name, Func<Task<HttpResponseMessage>> ask, Func<byte[], string?> findDefect)
    {
        try
        {
            using var answer = await ask();
            if (!answer.IsSuccessStatusCode)
                return Warn($"the answer is {(int)answer.StatusCode}");
            return findDefect(await answer.Content.ReadAsByteArrayAsync()) is { } defect ? Warn(defect) : new PreflightCheck(name, [], []);
        }
        catch (HttpRequestException unreachable)
        {
            return Warn($"it cannot be fetched: {unreachable.Message.TrimEnd('.')}");
        }
        catch (TaskCanceledException late) when (late.InnerException is TimeoutException)
        {
            return Warn($"nothing came within {Timeout.TotalSeconds:0} s");
        }

        PreflightCheck Warn(string defect) => new(
            name, [],
            [$"{defect}. It stands in certificates; see that relying parties reach this server there, or set CERTCTL_PUBLICATION_BASE_URL "
                + "(docs/operations.md, Publication)"]);
    }
}
