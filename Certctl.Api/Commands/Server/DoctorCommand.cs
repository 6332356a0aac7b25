using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Hosting;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// <c>certctl doctor</c>: everything that a start would look at, a line each with its remedy; exit code 1 when something would keep the
/// server from starting.
/// </summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server." };
        var command = new Command("doctor", "Look at everything that a start would look at, and say what to do.") { config };
        command.SetAction((parse, cancellationToken) => RunAsync(parse.GetValue(config), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? configPath, CancellationToken cancellationToken)
    {
        var reading = ConfigurationReader.FromProcess(configPath);
        List<PreflightCheck> checks = [new("configuration", reading.Problems, reading.Warnings)];
        var now = TimeProvider.System.GetUtcNow();
        var (material, files) = Preflight.Run(reading.Draft, now);
        checks.AddRange(files);
        if (reading.Options is { } options)
        {
            checks.AddRange(await DatabaseAsync(options, cancellationToken));
            if (Preflight.Resolve(options.Server.Host) is { } address)
            {
                var (port, isServed) = await PortAsync(address, options.Server, cancellationToken);
                checks.Add(port);
                if (!isServed && options.Publication.Port is { } plain)
                    checks.Add(PublicationPort(address, options.Server.Host, plain));
                if (isServed && material is not null)
                    checks.AddRange(await PublicationAsync(options, material, now, cancellationToken));
            }
        }

        foreach (var check in checks)
            Print(check);
        return checks.Any(check => check.Problems.Count > 0) ? 1 : 0;
    }

    private static void Print(PreflightCheck check)
    {
        if (check.Problems.Count + check.Warnings.Count == 0)
            Console.WriteLine($"ok    {check.Name}");
        foreach (var problem in check.Problems)
            Console.WriteLine($"FAIL  {check.Name}: {problem}");
        foreach (var warning in check.Warnings)
            Console.WriteLine($"warn  {check.Name}: {warning}");
    }

    private static async Task<IReadOnlyList<PreflightCheck>> DatabaseAsync(CertctlOptions options, CancellationToken cancellationToken)
    {
        if (Database.MissingFile(options.Database) is { } path)
            return [new("database", [], [$"{path} does not exist yet; serve makes it"])];
        await using var services = Database.Open(options.Database);
        List<PreflightCheck> checks = [];
        var outage = await Database.TryAsync(
            options.Database,
            async () =>
            {
                var migrator = services.GetRequiredService<IDatabaseMigrator>();
                var pending = await migrator.PendingAsync(new TerminalNotices("doctor"), cancellationToken);
                await migrator.PingAsync(cancellationToken);
                checks.Add(new("database", [], []));
                checks.AddRange(await ClockAsync(services.GetRequiredService<DatabaseClock>(), cancellationToken));
                checks.Add(new(
                    "database schema",
                    [],
                    pending.Count == 0 ? [] : [$"{Database.Pending(pending)}; serve migrates too, or run: certctl migrate"]));
                if (pending.Count == 0)
                    checks.AddRange(
                        await ProfilesAsync(options, services.GetRequiredService<ICertificateProfileRepository>(), cancellationToken));
            });
        if (outage is not null)
            checks.Add(new("database", [outage], []));
        return checks;
    }

    // Nothing where there is only one clock. A warning, because a server starts all the same: what processes must agree on goes by the
    // database's time.
    private static async Task<IEnumerable<PreflightCheck>> ClockAsync(DatabaseClock clock, CancellationToken cancellationToken)
    {
        await clock.ReadAsync(cancellationToken);
        if (clock.Difference is not { } difference)
            return [];
        var side = difference > TimeSpan.Zero ? "ahead of" : "behind";
        return [new("clock", [], difference.Duration() <= DatabaseClock.MaxDifference ? [] :
        [
            string.Create(CultureInfo.InvariantCulture, $"this machine's clock is {difference.Duration().TotalSeconds:F0} s {side} the "
                + $"database's. The server's own certificates go by this machine's clock, and what devices bring by the database's; "
                + $"synchronise both machines, to {DatabaseClock.MaxDifference.TotalSeconds:F0} s at least (NTP)"),
        ])];
    }

    private static async Task<IEnumerable<PreflightCheck>> ProfilesAsync(
        CertctlOptions options, ICertificateProfileRepository profiles, CancellationToken cancellationToken)
    {
        var checks = new List<PreflightCheck>();
        foreach (var id in options.ScepProfiles.Select(scep => scep.CertificateProfileId)
            .Concat(options.EstProfiles.Select(est => est.CertificateProfileId)).Distinct(StringComparer.Ordinal))
        {
            var profile = await profiles.FindAsync(id, fresh: true, cancellationToken);
            checks.Add(new PreflightCheck(
                $"certificate profile \"{id}\"",
                profile is null ? ["it does not exist; store it with: certctl profiles put FILE"] : [],
                profile is { Enabled: false } ? ["it is disabled: every request under it is refused"] : []));
        }

        return checks;
    }

    // What stands in certificates of the CA in use, of the one that follows and of those before.
    private static async Task<IEnumerable<PreflightCheck>> PublicationAsync(
        CertctlOptions options, PreflightMaterial material, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var checks = new List<PreflightCheck>();
        KeyPair?[] generations = [material.Ca, material.Next?.Ca, .. material.Retired.Select(retired => retired.Ca)];
        foreach (var ca in generations.OfType<KeyPair>().Select(pair => pair.Certificate))
        {
            var urls = ServerHost.SettingsOf(options.Ca, material).UrlsOf(ca);
            checks.AddRange(await PublicationDoctor.RunAsync(urls, ca, now, cancellationToken));
        }

        return checks;
    }

    private static PreflightCheck PublicationPort(IPAddress address, string host, int port)
    {
        var name = $"publication port {host}:{port}";
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return new PreflightCheck(name, [], []);
        }
        catch (SocketException busy)
        {
            return new PreflightCheck(
                name, [$"it cannot be bound: {busy.Message.TrimEnd('.')}; choose another {PublicationSettings.Port.Name}"], []);
        }
    }

    private static async Task<(PreflightCheck Check, bool IsServed)> PortAsync(
        IPAddress address, ServerOptions server, CancellationToken cancellationToken)
    {
        var name = $"port {server.Host}:{server.Port}";
        try
        {
            using var listener = new TcpListener(address, server.Port);
            listener.Start();
            return (new PreflightCheck(name, [], []), false);
        }
        catch (SocketException busy)
        {
            // The doctor is also called beside a running server.
            var (problem, warnings) = await HealthProbe.AskAsync(
                address, server.Port, server.TlsCertPath, HealthProbe.Patience, cancellationToken);
            return problem is null && warnings.Count == 0
                ? (new PreflightCheck(name + ", served by certctl", [], []), true)
                : (new PreflightCheck(
                    name,
                    [$"it cannot be bound: {busy.Message.TrimEnd('.')}, and it is not this certctl that answers there: "
                        + $"{problem ?? string.Join("; ", warnings)} Choose another CERTCTL_SERVER_PORT"],
                    []), false);
        }
    }
}
