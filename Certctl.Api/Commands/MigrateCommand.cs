using System.CommandLine;
using System.Data.Common;
using Certctl.Api.Configuration;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Commands;

/// <summary><c>certctl migrate</c>: brings the database to this build's schema; a second run finds nothing to do.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with the settings of the server." };
        var command = new Command("migrate", "Bring the database to this version's schema.") { config };
        command.SetAction((parse, cancellationToken) => RunAsync(parse.GetValue(config), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? configPath, CancellationToken cancellationToken)
    {
        var reading = ConfigurationReader.FromProcess(configPath);
        if (reading.Options is null)
            return ServerRun.Fail(reading.Problems);
        await using var services = Database.Open(reading.Options.Database);
        var migrator = services.GetRequiredService<IDatabaseMigrator>();
        try
        {
            var pending = await migrator.PendingAsync(cancellationToken);
            await migrator.MigrateAsync(cancellationToken);
            Console.WriteLine(pending.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", pending)}.");
            return 0;
        }
        catch (DbException outage)
        {
            Console.Error.WriteLine($"certctl migrate: the database cannot be used: {outage.Message}. Check CERTCTL_DATABASE_URL; the role must own the schema.");
            return 1;
        }
    }
}
