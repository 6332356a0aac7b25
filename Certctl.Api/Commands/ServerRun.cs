using System.Net.Sockets;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Application.Enrolment;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Persistence;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Certctl.Api.Commands;

/// <summary>Starts the checked server, says when it is ready, and stays until it is told to stop. Whatever keeps it from starting ends in words and exit code 1.</summary>
internal static class ServerRun
{
    /// <param name="options">What the server was told.</param>
    /// <param name="material">What its files hold.</param>
    /// <param name="configure">Further services; quickstart adds its own.</param>
    /// <param name="ready">Called with the port once the listener is open.</param>
    public static async Task<int> RunAsync(
        CertctlOptions options, PreflightMaterial material, Action<IServiceCollection> configure, Action<int> ready, CancellationToken cancellationToken)
    {
        await using var app = ServerHost.Build(options, material, configure);
        if (app.Services.GetRequiredService<IReadOnlyDictionary<string, RaKeyRing>>().Values.Any(ring => !ring.DecryptsInConstantTime))
            Warn(["RSA decryption does not run in constant time: the runtime's OpenSSL 3 (libcrypto.so.3) was not found or is not the one that .NET uses; see docs/adr/0006."]);
        if (await PrepareDatabaseAsync(app.Services, options, cancellationToken) is { } problem)
            return Fail(problem);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException busy)
        {
            return await CannotBindAsync(app, options.Server, $"{busy.Message.TrimEnd('.')}. Choose another port.");
        }
        catch (SocketException refused)
        {
            return await CannotBindAsync(app, options.Server, $"{refused.Message}. Choose another address or port.");
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        ready(new Uri(addresses.First()).Port);
        foreach (var mtls in addresses.Skip(1))
            Console.Error.WriteLine($"certctl serves /scep-mtls on port {new Uri(mtls).Port}");
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    public static int Fail(params IEnumerable<string> problems)
    {
        Console.Error.WriteLine("certctl does not start:");
        foreach (var problem in problems)
            Console.Error.WriteLine($"  - {problem}");
        return 1;
    }

    public static void Warn(IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
            Console.Error.WriteLine($"warning: {warning}");
    }

    // The timers run already: one that is stopped ends quietly, one whose host is only disposed of ends as an accident.
    private static async Task<int> CannotBindAsync(WebApplication app, ServerOptions server, string why)
    {
        await app.StopAsync(CancellationToken.None);
        return Fail($"{server.Host}:{server.Port} cannot be bound: {why}");
    }

    private static async Task<string?> PrepareDatabaseAsync(IServiceProvider services, CertctlOptions options, CancellationToken cancellationToken)
    {
        string? missing = null;
        return await Database.TryAsync(PrepareAsync, cancellationToken) ?? missing;

        async Task PrepareAsync(CancellationToken bounded)
        {
            await services.GetRequiredService<IDatabaseMigrator>().MigrateAsync(bounded);
            var profiles = services.GetRequiredService<ICertificateProfileRepository>();
            foreach (var scep in options.ScepProfiles)
            {
                if (await profiles.FindAsync(scep.CertificateProfileId, fresh: true, bounded) is null)
                    missing = $"SCEP profile \"{scep.PathId}\": certificate profile \"{scep.CertificateProfileId}\" does not exist; store it with 'certctl profiles put FILE'.";
            }
        }
    }
}
