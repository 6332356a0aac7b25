using System.Data.Common;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Application;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Commands;

/// <summary>The database for the verbs: opened by itself where there is no server, and its outages in a person's words.</summary>
internal static class Database
{
    /// <summary>As long as an operator waits before he wonders.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static ServiceProvider Open(DatabaseOptions options) => new ServiceCollection()
        .AddSingleton(TimeProvider.System)
        .AddLogging()
        .AddDatabase(options)
        .AddCertctlAdmin()
        .BuildServiceProvider();

    /// <summary>Runs a verb on the configured database of this schema; the exit code is the verb's, or that of <paramref name="fail"/>.</summary>
    /// <param name="fail">Prints problems and gives the exit code.</param>
    public static async Task<int> WithAsync(
        string? configPath, Func<IServiceProvider, CancellationToken, Task<int>> act, Func<IReadOnlyList<string>, int> fail, CancellationToken cancellationToken)
    {
        if (ConfigurationReader.DatabaseFromProcess(configPath, out var problems) is not { } options)
            return fail(problems);
        if (MissingFile(options) is { } path)
            return fail([$"{path} does not exist yet; make it with: certctl migrate"]);
        await using var services = Open(options);
        var code = 0;
        var outage = await TryAsync(
            async bounded => code = await services.GetRequiredService<IDatabaseMigrator>().PendingAsync(bounded) is { Count: > 0 } pending
                ? fail([$"{pending.Count} migrations of the schema are pending; run: certctl migrate"])
                : await act(services, bounded),
            cancellationToken);
        return outage is null ? code : fail([outage]);
    }

    /// <summary>Null when <paramref name="act"/> came to its end; else why the database cannot be used, and what to do.</summary>
    public static async Task<string?> TryAsync(Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Patience);
        try
        {
            await act(bounded.Token);
            return null;
        }
        catch (DbException outage)
        {
            return $"The database cannot be used: {outage.Message.TrimEnd('.')}. Check CERTCTL_DATABASE_URL; the role must own the schema.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The database did not answer within {Patience.TotalSeconds:0} s. Check CERTCTL_DATABASE_URL.";
        }
    }

    /// <summary>The SQLite file that is configured and does not exist; opening it would make one, owned by whoever looks.</summary>
    public static string? MissingFile(DatabaseOptions options)
    {
        if (options.Provider != DatabaseProvider.Sqlite)
            return null;
        var path = (string)new DbConnectionStringBuilder { ConnectionString = options.ConnectionString.Reveal() }["Data Source"];
        return File.Exists(path) ? null : path;
    }
}
