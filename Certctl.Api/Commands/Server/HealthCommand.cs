using System.CommandLine;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Startup;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// <c>certctl health</c>: is the server of this configuration alive? For probes of containers, which ask often: it costs a fraction of the
/// doctor.
/// </summary>
internal static class HealthCommand
{
    public const string Name = "health";

    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server." };
        var command =
            new Command(Name, "Ask the server of these settings on this machine for /health; exit code 0 when it is healthy.") { config };
        command.SetAction((parse, cancellationToken) => RunAsync(parse.GetValue(config), cancellationToken));
        return command;
    }

    /// <summary>Also called without the parser of the command line, which costs more than the question itself.</summary>
    public static async Task<int> RunAsync(string? configPath, CancellationToken cancellationToken)
    {
        if (ConfigurationReader.AddressFromProcess(configPath, out var problems) is not { } server)
            return Fail(problems);
        if (Preflight.Resolve(server.Host) is not { } address)
            return Fail([$"{server.Host} is no IP address and resolves to none; set CERTCTL_SERVER_HOST to an address of this machine."]);
        var (problem, warnings) = await HealthProbe.AskAsync(
            address, server.Port, server.TlsCertPath, HealthProbe.Patience, cancellationToken);
        Tell(warnings.Select(warning => $"warning: {warning}"));
        return problem is null ? 0 : Fail([problem]);
    }

    private static int Fail(IEnumerable<string> problems)
    {
        Tell(problems);
        return 1;
    }

    private static void Tell(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Error.WriteLine($"certctl health: {line}");
    }
}
