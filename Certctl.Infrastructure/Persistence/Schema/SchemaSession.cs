using System.Data.Common;
using Certctl.Domain.Profiles;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// The one connection on which a process reads the history of the schema and applies migrations. No statement on it has a time bound.
/// </summary>
internal abstract class SchemaSession(DbConnection connection, MigrationReport report) : IAsyncDisposable
{
    /// <summary>A statement that takes a session's time bounds away, where the database has such.</summary>
    public abstract string LiftBounds { get; }

    protected DbConnection Connection => connection;

    protected MigrationReport Report => report;

    /// <summary>A query that answers whether the table <c>@name</c> exists.</summary>
    protected abstract string TableExists { get; }

    protected abstract string Begin { get; }

    /// <summary>
    /// Waits until no other process migrates this database, without a bound, and keeps others waiting until the session ends.
    /// </summary>
    public abstract Task LockAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Reads what is applied, without a lock.</summary>
    public async Task<SchemaHistory> ReadHistoryAsync(CancellationToken cancellationToken)
    {
        // The table first: another process that migrates meanwhile commits it together with its entry in the history.
        var hasTables = await ExistsAsync(SchemaHistory.FirstTable, cancellationToken);
        HashSet<string> applied = new(StringComparer.Ordinal);
        if (!await ExistsAsync(MigrationScript.History, cancellationToken))
            return new SchemaHistory(applied, hasTables);
        await using var command = Command($"SELECT \"MigrationId\" FROM \"{MigrationScript.History}\"");
        await using var reader = await WatchedAsync(
            command.ExecuteReaderAsync(cancellationToken), "reading which migrations are applied", cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            applied.Add(reader.GetString(0));
        return new SchemaHistory(applied, hasTables);
    }

    /// <summary>Whether there is a default profile, or was one that an operator deleted: that one stays deleted.</summary>
    public async Task<bool> HadDefaultProfileAsync(CancellationToken cancellationToken)
    {
        const string Sql = "SELECT (SELECT count(*) FROM certificate_profiles WHERE id = @name) + (SELECT count(*) "
            + "FROM deleted_profiles WHERE profile_id = @name)";
        await using var command = Command(Sql, CertificateProfile.DefaultId);
        return Convert.ToInt64(
            await WatchedAsync(command.ExecuteScalarAsync(cancellationToken), "reading the default certificate profile", cancellationToken),
            null) > 0;
    }

    public async Task<bool> HasProfileAsync(string id, CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT count(*) FROM certificate_profiles WHERE id = @name", id);
        var count = await WatchedAsync(
            command.ExecuteScalarAsync(cancellationToken), $"reading certificate profile \"{id}\"", cancellationToken);
        return Convert.ToInt64(count, null) > 0;
    }

    /// <summary>Runs a statement outside of a migration.</summary>
    public Task ExecuteAsync(string sql, string name, CancellationToken cancellationToken) => RunAsync(sql, name, cancellationToken);

    /// <summary>
    /// Applies one migration in one transaction, so that a process that is killed leaves it done or not begun.
    /// What cannot run in a transaction runs between two.
    /// </summary>
    /// <param name="title">Which one of how many, for notices.</param>
    public async Task ApplyAsync(string title, IReadOnlyList<MigrationStatement> script, CancellationToken cancellationToken)
    {
        var statements = Arrange(script);
        var open = false;
        var doing = Begin;
        try
        {
            foreach (var (statement, number) in statements.Select((statement, index) => (statement, index + 1)))
            {
                if (open == statement.OutsideTransaction)
                {
                    await RunAsync(open ? "COMMIT" : Begin, $"{title}: {(open ? "COMMIT" : Begin)}", cancellationToken);
                    open = !open;
                }

                doing = statement.Name;
                await RunAsync(statement.Sql, $"{title}: statement {number} of {statements.Count}, {statement.Name}", cancellationToken);
            }

            doing = "COMMIT";
            if (open)
                await RunAsync("COMMIT", $"{title}: COMMIT", cancellationToken);
        }
        catch (DbException)
        {
            Report.Say(waits: false, $"{title} failed at {doing}; it is taken back, and the migrations before it stay");
            throw;
        }
    }

    /// <summary>
    /// The statements as they run here. What is left of those outside of a transaction divides the migration in parts,
    /// of which a kill may leave some done.
    /// </summary>
    internal virtual IReadOnlyList<MigrationStatement> Arrange(IReadOnlyList<MigrationStatement> statements) => statements;

    protected DbCommand Command(string sql, string? name = null)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        if (name is not null)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("name", name);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Awaits what runs on this connection and tells what holds it up.</summary>
    protected abstract Task<T> WatchedAsync<T>(Task<T> running, string name, CancellationToken cancellationToken);

    protected abstract Task RunAsync(string sql, string name, CancellationToken cancellationToken);

    private async Task<bool> ExistsAsync(string table, CancellationToken cancellationToken)
    {
        await using var command = Command(TableExists, table);
        return Convert.ToInt64(
            await WatchedAsync(command.ExecuteScalarAsync(cancellationToken), "looking for the history of the schema", cancellationToken),
            null) > 0;
    }
}
