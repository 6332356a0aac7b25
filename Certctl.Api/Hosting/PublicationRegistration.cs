using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Publication;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Infrastructure.Publication;
using Certctl.Infrastructure.Publication.Ocsp;

namespace Certctl.Api.Hosting;

/// <summary>CRLs, OCSP answers and CA certificates: who makes them, and what the endpoints serve.</summary>
internal static class PublicationRegistration
{
    public static void AddPublication(this IServiceCollection services, CertctlOptions options, PreflightMaterial material)
    {
        var publication = options.Publication;
        services.AddSingleton(new PublicationBase(material.PublicationUrl));
        services.AddSingleton(new CrlTimes(publication.CrlValidity) { DeltaValidity = publication.CrlDeltaValidity });
        services.AddOcspResponder(publication.OcspValidity, publication.ResponderKeyDir, options.KeyPassphrase);
        services.AddSingleton(_ => new OcspLimit(publication.OcspRequestsPerMinute));
        services.AddSingleton(provider => new PublicationServices(
            provider.GetRequiredService<IssuerRegistry>(),
            provider.GetRequiredService<CrlPublisher>().Find,
            OcspAnswers.Of(provider.GetRequiredService<OcspResponder>(), provider.GetRequiredService<OcspMetrics>()),
            provider.GetRequiredService<OcspLimit>(),
            CertificatesOnly.Write,
            new DatabaseTime(provider.GetRequiredService<DatabaseClock>(), provider.GetRequiredService<TimeProvider>()))
        {
            HasEnded = provider.GetRequiredService<CrlPublisher>().HasEnded,
            AwaitCrl = (issuer, cancellationToken) =>
                AwaitAsync(provider.GetRequiredService<CrlPublisher>(), issuer, cancellationToken),
        });
        services.AddHostedService<CrlTimer>();
        services.AddHostedService<ResponderTimer>();
        services.AddHostedService<JobTimer>();
    }

    private static async Task<PublishedCrl?> AwaitAsync(
        CrlPublisher publisher, IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        try
        {
            return await publisher.CurrentAsync(issuer, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Why there is none is in the log of those who make it.
            return null;
        }
    }
}
