using System.Diagnostics;
using System.Text.Json;
using Certctl.Api.Commands.Server;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Infrastructure.Provisioning;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Tests.Programs;

/// <summary>
/// The server as <c>certctl quickstart</c> composes it, but for its issuer, which is outside of the process: <see cref="LedgerIssuer"/>.
/// It ends itself by SIGKILL at the point that <see cref="KillAt"/> names. The entry point of the test assembly; a test host has its own.
/// </summary>
internal static class RemoteIssuerServer
{
    /// <summary>Environment variable: <c>reserved</c>, <c>leased</c>, <c>signed</c>, <c>answered</c> or <c>recorded</c>.</summary>
    public const string KillAt = "TEST_KILL_AT";

    /// <summary>Environment variable: the folder in which the issuer keeps what it signed.</summary>
    public const string Ledger = "TEST_LEDGER";

    /// <summary>Environment variable: how many milliseconds the issuer takes.</summary>
    public const string Delay = "TEST_ISSUER_DELAY";

    /// <summary>Environment variable: set, the issuer answers that it decides later, and once more when it is asked.</summary>
    public const string Pends = "TEST_ISSUER_PENDS";

    /// <summary>A lease that a test can wait for.</summary>
    private static readonly ReservationTimes Times = new(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(4));

    private static async Task<int> Main(string[] args)
    {
        if (args is not ["quickstart", "--data", var folder, "--port", var port, "--ca-key", var caKey, "--json"])
        {
            await Console.Error.WriteLineAsync("This program is started by CertctlHost.");
            return 2;
        }

        var made = QuickstartMaterial.Ensure(folder, caKey, passphrase: null, TimeProvider.System);
        var reading = ConfigurationReader.FromProcess(configPath: null, Settings(made, folder, port));
        if (reading.Options is null)
            return ServerRun.Fail(reading.Problems);
        var (material, problems, _) = Preflight.Load(reading.Options, TimeProvider.System.GetUtcNow());
        if (material is null)
            return ServerRun.Fail(problems);
        var signer = new LocalCaIssuer(material.Ca, new LocalCaSettings(LedgerIssuer.Id, [], null, null), TimeProvider.System);
        return await ServerRun.RunAsync(
            reading.Options,
            material,
            new ConfigurationSource(() => reading),
            services => Configure(services, new LedgerIssuer(signer, Environment.GetEnvironmentVariable(Ledger)!)),
            bound => Announce(bound, reading.Options.ScepProfiles[0].Challenge!.Reveal()),
            CancellationToken.None);
    }

    /// <summary>Ends the process as kill -9 does, where the test wants it to end.</summary>
    public static async Task KillAsync(string point)
    {
        if (Environment.GetEnvironmentVariable(KillAt) != point)
            return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        await Task.Delay(Timeout.Infinite);
    }

    // As quickstart does with --json.
    private static void Announce(int port, string challenge) =>
        Console.WriteLine(JsonSerializer.Serialize(new { url = $"https://localhost:{port}", challenge, api_key = "" }));

    private static void Configure(IServiceCollection services, LedgerIssuer issuer)
    {
        services.AddSingleton(new IssuerRegistry(new IssuerGenerations(issuer)));
        services.AddSingleton(Times);
        Decorate<IReservations>(services, inner => new KillingReservations(inner));
        Decorate<IEnrolmentJournal>(services, inner => new KillingJournal(inner));
    }

    private static void Decorate<T>(IServiceCollection services, Func<T, T> wrap)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.AddSingleton(provider => wrap((T)(inner.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
    }

    private static Dictionary<string, string> Settings(QuickstartMaterial made, string folder, string port) => new()
    {
        ["CERTCTL_SERVER_PORT"] = port,
        ["CERTCTL_SERVER_TLS_CERT_PATH"] = made.TlsCertPath,
        ["CERTCTL_SERVER_TLS_KEY_PATH"] = made.TlsKeyPath,
        ["CERTCTL_DATABASE_URL"] = "sqlite://" + Path.Combine(folder, "certctl.db"),
        ["CERTCTL_LOG_FORMAT"] = "text",
        ["CERTCTL_CA_CERT_PATH"] = made.CaCertPath,
        ["CERTCTL_CA_KEY_PATH"] = made.CaKeyPath,
        ["CERTCTL_SCEP_ENABLED"] = "true",
        ["CERTCTL_API_KEYS_NAMED"] = $"quickstart:{made.ApiKey.Reveal()}:admin",
        ["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = made.Challenge.Reveal(),
        ["CERTCTL_SCEP_RA_CERT_PATH"] = string.Join(',', made.RaPairs.Select(pair => pair.CertPath)),
        ["CERTCTL_SCEP_RA_KEY_PATH"] = string.Join(',', made.RaPairs.Select(pair => pair.KeyPath)),
    };

    private sealed class KillingReservations(IReservations inner) : IReservations
    {
        public async Task<HeldReservation?> TakeAsync(Guid enrolmentId, TimeSpan lease, CancellationToken cancellationToken)
        {
            await KillAsync("reserved");
            var held = await inner.TakeAsync(enrolmentId, lease, cancellationToken);
            await KillAsync("leased");
            return held;
        }

        public Task KeepAsync(HeldReservation held, string reference, CancellationToken cancellationToken) =>
            inner.KeepAsync(held, reference, cancellationToken);

        public Task RefuseAsync(HeldReservation held, CancellationToken cancellationToken) => inner.RefuseAsync(held, cancellationToken);
    }

    private sealed class KillingJournal(IEnrolmentJournal inner) : IEnrolmentJournal
    {
        public async Task<JournalVerdict> CommitAsync(JournalEntry entry, CancellationToken cancellationToken)
        {
            if (entry.Records)
                await KillAsync("answered");
            var verdict = await inner.CommitAsync(entry, cancellationToken);
            if (entry.Records)
                await KillAsync("recorded");
            return verdict;
        }
    }
}
