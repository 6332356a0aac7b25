using System.Data.Common;
using Certctl.Api.Commands.Server;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Database;
using Certctl.Api.Hosting;
using Certctl.Application;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Api.Commands;

/// <summary>The database for the verbs: opened by itself where there is no server, and outages reported in plain words.</summary>
internal static class Database
{
    private static readonly TimeSpan NoticePeriod = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The database for a verb, whose statements take as long as they take: an operator who waits can stop it, and a bound would undo what
    /// it has done.
    /// </summary>
    public static ServiceProvider Open(DatabaseOptions options)
    {
        var unbounded = new DbConnectionStringBuilder { ConnectionString = options.ConnectionString.Reveal() };
        unbounded[options.Provider == DatabaseProvider.Sqlite ? "Default Timeout" : "Command Timeout"] = "0";
        return new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddDatabase(options with { ConnectionString = new Secret(unbounded.ConnectionString) })
            .AddCertctlAdmin()
            .BuildServiceProvider();
    }

    /// <summary>
    /// Runs a verb on the configured database of this schema; the exit code is the verb's, or that of <paramref name="fail"/>.
    /// </summary>
    /// <param name="fail">Prints problems and gives the exit code.</param>
    public static async Task<int> WithAsync(
        string verb,
        string? configPath,
        Func<IServiceProvider, CancellationToken, Task<int>> act,
        Func<IReadOnlyList<string>, int> fail,
        CancellationToken cancellationToken)
    {
        if (ConfigurationReader.DatabaseFromProcess(configPath, out var problems) is not { } options)
            return fail(problems);
        if (MissingFile(options) is { } path)
            return fail([$"{path} does not exist yet; make it with: certctl migrate"]);
        await using var services = Open(options);
        var code = 0;
        var outage = await TryAsync(options, ActAsync);
        return outage is null ? code : fail([outage]);

        async Task ActAsync()
        {
            var pending = await services.GetRequiredService<IDatabaseMigrator>().PendingAsync(new TerminalNotices(verb), cancellationToken);
            code = pending.Count > 0
                ? fail([$"{Pending(pending)}; run: certctl migrate"])
                : await ToldAsync(verb, Task.Run(() => act(services, cancellationToken), cancellationToken));
        }
    }

    /// <summary>
    /// Null when <paramref name="act"/> came to its end, however long it took; else why the database cannot be used, and what to do.
    /// </summary>
    public static async Task<string?> TryAsync(DatabaseOptions options, Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (DbException fault)
        {
            return new DatabaseOutage(options).Describe(fault);
        }
    }

    // On a thread of its own: SQLite's driver waits without letting go of the one that calls it.
    private static async Task<int> ToldAsync(string verb, Task<int> work)
    {
        for (var waited = NoticePeriod;
            await Task.WhenAny(work, Task.Delay(NoticePeriod, CancellationToken.None)) != work;
            waited += NoticePeriod)
            Console.Error.WriteLine($"certctl {verb}: still waiting for the database, which is busy or holds a lock of another session "
                + $"({waited.TotalSeconds:0} s); Ctrl-C stops it");
        return await work;
    }

    /// <summary>Says how many migrations are to be applied.</summary>
    public static string Pending(IReadOnlyList<string> migrations) =>
        migrations.Count == 1 ? "1 migration of the schema is pending" : $"{migrations.Count} migrations of the schema are pending";

    /// <summary>The SQLite file that is configured and does not exist; opening it would make one, owned by the user who looks.</summary>
    public static string? MissingFile(DatabaseOptions options)
    {
        if (options.Provider != DatabaseProvider.Sqlite)
            return null;
        var path = (string)new DbConnectionStringBuilder { ConnectionString = options.ConnectionString.Reveal() }["Data Source"];
        return File.Exists(path) ? null : path;
    }
}
