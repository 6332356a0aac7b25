using System.CommandLine;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;

namespace Certctl.Api.Commands.Server;

/// <summary><c>certctl serve</c>: the production verb. Strict: any configuration error refuses the start, all of them listed.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the same settings; the environment wins over it." };
        var command = new Command("serve", "Serve SCEP. Refuses to start on any configuration error and lists all of them.") { config };
        command.SetAction((parse, cancellationToken) => RunAsync(parse.GetValue(config), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? configPath, CancellationToken cancellationToken)
    {
        var reading = ConfigurationReader.FromProcess(configPath);
        ServerRun.WritesJson = reading.Draft.Log.JsonIsAskedFor;
        ServerRun.Warn(reading.Warnings);
        var (material, problems, warnings) = Preflight.Load(reading.Draft, TimeProvider.System.GetUtcNow());
        ServerRun.Warn(warnings);
        if (reading.Options is null || material is null)
            return ServerRun.Fail([.. reading.Problems, .. problems]);

        return await ServerRun.RunAsync(
            reading.Options,
            material,
            new ConfigurationSource(() => ConfigurationReader.FromProcess(configPath, atStart: reading)),
            _ => { },
            port => ServerRun.Say($"certctl serves https://{reading.Options.Server.Host}:{port}"),
            cancellationToken);
    }
}
