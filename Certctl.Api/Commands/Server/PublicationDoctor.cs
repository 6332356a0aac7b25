using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Publication;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Infrastructure.StatusClient.Ocsp;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// Fetches what certificates point to, as a relying party would. What is amiss is a warning: the server runs, and what stands between it
/// and relying parties may be right although this machine cannot reach it.
/// </summary>
internal static class PublicationDoctor
{
    /// <param name="urls">As they stand in certificates of <paramref name="ca"/>.</param>
    public static async Task<IReadOnlyList<PreflightCheck>> RunAsync(
        StatusUrls urls, X509Certificate2 ca, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A CRL and an OCSP answer are signed: the server that they come from need not be one to trust.
        using var transport = new StatusTransport(new TlsTrust.AcceptAny());
        var checks = new List<PreflightCheck>();
        foreach (var url in urls.Crls)
        {
            checks.Add(await AskAsync($"CRL {url}", async () =>
            {
                var answer = await transport.GetAsync(new Uri(url), StatusTransport.MaxCrl, cancellationToken);
                return CrlCheck.Problems(ReceivedCrl.Read(answer.Body), [ca], now, out _);
            }));
        }

        if (urls.Ocsp is { } ocsp)
        {
            checks.Add(await AskAsync($"OCSP {ocsp}", async () =>
            {
                // Any serial number does: that it is unknown is an answer, too.
                var question = new OcspQuestion(CertificateId.Of(ca, ca, useSha1: true), Nonce: null);
                var answer = await transport.PostAsync(new Uri(ocsp), question.Encode(), cancellationToken);
                return OcspCheck.Judge(question, OcspAnswer.Read(answer.Body), ca, now).Problems;
            }));
        }

        if (urls.CaIssuers is { } issuers)
        {
            checks.Add(await AskAsync($"CA certificate {issuers}", async () =>
            {
                var answer = await transport.GetAsync(new Uri(issuers), StatusTransport.MaxCertificates, cancellationToken);
                return answer.Body.Span.SequenceEqual(ca.RawData) ? [] : ["It is not the certificate of the CA."];
            }));
        }

        return checks;
    }

    private static async Task<PreflightCheck> AskAsync(string name, Func<Task<IReadOnlyList<string>>> ask)
    {
        try
        {
            return Warn(await ask());
        }
        catch (StatusClientException trouble)
        {
            return Warn([trouble.Message]);
        }

        PreflightCheck Warn(IReadOnlyList<string> problems) => new(
            name,
            [],
            [.. problems.Select(problem =>
                $"{problem} The URL stands in certificates; see that relying parties reach this server there, or set "
                + "CERTCTL_PUBLICATION_BASE_URL (docs/operations.md, Publication)")]);
    }
}
