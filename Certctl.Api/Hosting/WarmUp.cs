using Certctl.Api.Configuration;
using Certctl.Application.Enrolments;

namespace Certctl.Api.Hosting;

/// <summary>
/// Makes the first query of EF while the listener opens. EF takes a tenth of a second for it, and that would be part of the time that the
/// first devices may wait for the database.
/// </summary>
internal sealed class WarmUp(ICertificateProfileRepository profiles, CertctlOptions options) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // What fails here fails again at the first request, which says so in its answer and in the log.
        foreach (var id in options.ScepProfiles.Select(profile => profile.CertificateProfileId).Distinct())
            await ((Task)profiles.FindAsync(id, fresh: false, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
