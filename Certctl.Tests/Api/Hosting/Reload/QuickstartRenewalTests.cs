using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Domain.Audit;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>What quickstart renews by itself is put to use, and the audit trail says that quickstart did it.</summary>
public sealed class QuickstartRenewalTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task A_renewed_TLS_certificate_is_shown_and_the_trail_names_quickstart()
    {
        using var old = ShownCertificate.Write(folder.Host);
        var (cert, key) = TestRa.Paths(folder.Host, "tls");
        var settings = folder.Settings(
            ("CERTCTL_SERVER_TLS_CERT_PATH", cert), ("CERTCTL_SERVER_TLS_KEY_PATH", key), ("CERTCTL_LOG_LEVEL", "error"));
        var options = ConfigurationReader.Read(settings, configPath: null).Options!;
        var material = Preflight.Load(options, DateTimeOffset.UtcNow).Material!;
        var clock = new FakeTimeProvider();
        var renewed = "";
        await using var app = ServerHost.Build(
            options,
            material,
            new ConfigurationSource(() => ConfigurationReader.Read(settings, configPath: null)),
            services => services.AddHostedService(provider => new QuickstartRenewal(
                Renew, provider.GetRequiredService<ServerReload>(), clock, provider.GetRequiredService<ILogger<QuickstartRenewal>>())));
        await app.StartAsync();
        var port = new Uri(app.Urls.First()).Port;
        Assert.Equal(old.SerialNumber, await ShownCertificate.SerialAsync(port, folder.CaFile));

        // The timer is made by a task of the host: it may not be there at the first step.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (renewed.Length == 0)
        {
            clock.Advance(TimeSpan.FromHours(12));
            await Task.Delay(20, patience.Token);
        }

        var line = Assert.Single(await folder.Host.Database.ReloadLinesAsync(1));
        Assert.Equal(("tls", AuditOutcome.Done, "quickstart", "System"), (line.ResourceId, line.Outcome, line.Actor, line.ActorType));
        Assert.Equal(renewed, await ShownCertificate.SerialAsync(port, folder.CaFile));
        await app.StopAsync();

        // Once, as a renewal is: what follows finds nothing due.
        bool Renew()
        {
            if (renewed.Length > 0)
                return false;
            using var made = ShownCertificate.Write(folder.Host);
            renewed = made.SerialNumber;
            return true;
        }
    }
}
