using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Certctl.Infrastructure.Publication.Ocsp;

public static class OcspRegistration
{
    /// <summary>
    /// Registers <see cref="OcspResponder"/> and <see cref="ResponderKeys"/>, which the host prepares every minute. The host registers the
    /// issuers, <see cref="IRevocationStore"/>, the audit trail, the clocks and logging.
    /// </summary>
    /// <param name="validity">From thisUpdate to nextUpdate.</param>
    /// <param name="keyFolder">Where responder keys are kept; null: in memory alone.</param>
    /// <param name="passphrase">Encrypts them there; null or empty: they are not encrypted.</param>
    public static IServiceCollection AddOcspResponder(
        this IServiceCollection services, TimeSpan validity, string? keyFolder, Secret? passphrase) => services
        .AddSingleton<OcspMetrics>()
        .AddSingleton<IOcspCodec, OcspCodec>()
        .AddSingleton<IOcspSigners>(provider =>
            new OcspSigners(keyFolder, passphrase, provider.GetRequiredService<ILogger<OcspSigners>>()))
        .AddSingleton<ResponderKeys>()
        .AddSingleton(provider => new OcspResponder(
            provider.GetRequiredService<IOcspCodec>(),
            provider.GetRequiredService<ResponderKeys>(),
            provider.GetRequiredService<IRevocationStore>(),
            provider.GetRequiredService<DatabaseClock>(),
            provider.GetRequiredService<OcspMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OcspResponder>>(),
            validity));
}
