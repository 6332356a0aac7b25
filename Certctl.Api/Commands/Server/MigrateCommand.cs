using System.CommandLine;
using Certctl.Api.Configuration;
using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Api.Commands.Server;

/// <summary><c>certctl migrate</c>: brings the database to this build's schema; a second run finds nothing to do.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server." };
        var roles = new Option<bool>("--print-roles")
        {
            Description = "Print SQL that gives PostgreSQL a role that owns the schema and one that serves; nothing is migrated.",
        };
        var command = new Command("migrate", "Bring the database to this version's schema.") { config, roles };
        command.SetAction((parse, cancellationToken) =>
        {
            if (!parse.GetValue(roles))
                return RunAsync(parse.GetValue(config), cancellationToken);
            Console.Write(DatabaseRoles.Script());
            return Task.FromResult(0);
        });
        return command;
    }

    private static async Task<int> RunAsync(string? configPath, CancellationToken cancellationToken)
    {
        if (ConfigurationReader.DatabaseFromProcess(configPath, out var problems) is not { } options)
            return Fail(problems);
        await using var services = Database.Open(options);
        IReadOnlyList<string> applied = [];
        try
        {
            var outage = await Database.TryAsync(
                options,
                async () => applied = await services.GetRequiredService<IDatabaseMigrator>()
                    .MigrateAsync(new TerminalNotices("migrate"), cancellationToken));
            if (outage is not null)
                return Fail([outage]);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail(["stopped; migrations that were finished stay, and the next run goes on behind them."]);
        }

        Console.WriteLine(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
        return 0;
    }

    private static int Fail(IEnumerable<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl migrate: {problem}");
        return 1;
    }
}
