using System.Net;
using System.Net.Sockets;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Hosting;
using Certctl.Api.Hosting.Logging;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// Starts the checked server, says when it is ready, and stays until it is told to stop. Whatever keeps it from starting ends in words and
/// exit code 1.
/// </summary>
internal static class ServerRun
{
    /// <param name="options">What the server was told.</param>
    /// <param name="material">What its files hold.</param>
    /// <param name="source">How its settings are read again at a reload.</param>
    /// <param name="configure">Further services; quickstart adds its own.</param>
    /// <param name="ready">Called with the port once the listener is open.</param>
    public static async Task<int> RunAsync(
        CertctlOptions options,
        PreflightMaterial material,
        ConfigurationSource source,
        Action<IServiceCollection> configure,
        Action<int> ready,
        CancellationToken cancellationToken)
    {
        using var sockets = new ListenSockets();
        if (Bind(sockets, material.Address, options) is { } taken)
            return Fail(taken);
        await using var app = ServerHost.Build(
            options,
            material,
            source,
            services => configure(
                services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = sockets.Take)));
        if (app.Services.GetRequiredService<ProfileRuntimes>().All.Any(profile => !profile.Keys.DecryptsInConstantTime))
            Warn(["RSA decryption does not run in constant time: the runtime's OpenSSL 3 (libcrypto.so.3) "
                + "was not found or is not the one that .NET uses; see docs/adr/0006."]);
        try
        {
            if (await PrepareDatabaseAsync(app.Services, options, cancellationToken) is { } problem)
                return Fail(problem);
            await app.StartAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail("it was told to stop; migrations that were finished stay, and the next start goes on behind them.");
        }
        catch (IOException busy)
        {
            return await CannotBindAsync(app, options.Server, busy);
        }
        catch (SocketException busy)
        {
            // Two processes may bind a port on which neither listens yet: the second learns of it here.
            return await CannotBindAsync(app, options.Server, busy);
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        ready(new Uri(addresses.First()).Port);
        foreach (var other in addresses.Skip(1).Select(address => new Uri(address)))
            Say($"certctl serves {(other.Scheme == "http" ? "/.well-known/pki in plain HTTP" : "/scep-mtls")} on port {other.Port}");
        SystemdNotify.Notify(SystemdNotify.Ready);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    /// <summary>Whether what is said here is written as JSON lines; set once the configuration has been read.</summary>
    public static bool WritesJson { get; set; }

    public static int Fail(params IEnumerable<string> problems)
    {
        if (!WritesJson)
            Console.Error.WriteLine("certctl does not start:");
        foreach (var problem in problems)
            Write("error", problem, WritesJson ? "certctl does not start: " : "  - ");
        return 1;
    }

    public static void Warn(IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
            Write("warn", warning, WritesJson ? "" : "warning: ");
    }

    public static void Say(string text) => Write("info", text, "");

    private static void Write(string level, string text, string prefix) => Console.Error.WriteLine(
        WritesJson ? JsonLineFormatter.LineOf(TimeProvider.System.GetUtcNow(), level, "certctl", prefix + text) : prefix + text);

    private static string? Bind(ListenSockets sockets, IPAddress address, CertctlOptions options)
    {
        var server = options.Server;
        int?[] ports = [server.Port, options.WantsClientCertificates ? server.MtlsPort : null, options.Publication.Port];
        foreach (var port in ports.OfType<int>())
        {
            try
            {
                sockets.Bind(new IPEndPoint(address, port));
            }
            catch (SocketException refused)
            {
                return CannotBind(server.Host, port, refused);
            }
        }

        return null;
    }

    // The timers run already: one that is stopped ends quietly, one whose host is only disposed of ends as an accident.
    private static async Task<int> CannotBindAsync(WebApplication app, ServerOptions server, Exception busy)
    {
        await app.StopAsync(CancellationToken.None);
        return Fail(CannotBind(server.Host, server.Port, busy));
    }

    private static string CannotBind(string host, int port, Exception why) =>
        $"{host}:{port} cannot be bound: {why.Message.TrimEnd('.')}. " + why switch
        {
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                "Ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one.",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                "This machine does not have that address; see CERTCTL_SERVER_HOST.",
            _ => "Choose another port.",
        };

    private static async Task<string?> PrepareDatabaseAsync(
        IServiceProvider services, CertctlOptions options, CancellationToken cancellationToken)
    {
        string? problem = null;
        return await Database.TryAsync(options.Database, PrepareAsync) ?? problem;

        async Task PrepareAsync()
        {
            var notices = new LoggedNotices(services.GetRequiredService<ILoggerFactory>().CreateLogger("Certctl.Database"));
            var migrator = services.GetRequiredService<IDatabaseMigrator>();
            var applied = await migrator.MigrateAsync(notices, cancellationToken);
            if (applied.Count > 0)
                notices.Report(new MigrationNotice(Waits: false, $"applied {string.Join(", ", applied)}"));
            var missing = await migrator.MissingProfilesAsync(
                options.ScepProfiles.Select(scep => scep.CertificateProfileId), notices, cancellationToken);
            problem = options.ScepProfiles.FirstOrDefault(scep => missing.Contains(scep.CertificateProfileId)) is { } needs
                ? $"SCEP profile \"{needs.PathId}\": "
                    + $"certificate profile \"{needs.CertificateProfileId}\" does not exist; store it with 'certctl profiles put FILE'."
                : null;
        }
    }
}
