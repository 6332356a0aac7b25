using Certctl.Application.Enrolment;
using Certctl.Infrastructure.Persistence.Mapping;
using Npgsql;
using NpgsqlTypes;

namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// One prepared statement a batch, one round trip, committed by itself. It keeps one connection for the life of the process; after any fault a
/// new one is opened.
/// </summary>
internal sealed class PostgresJournalWriter(NpgsqlDataSource dataSource) : IJournalWriter
{
    private Session? _session;

    public async Task WriteAsync(IReadOnlyList<JournalEntry> batch, DateTimeOffset now, ISet<Guid> claimed, CancellationToken cancellationToken)
    {
        var session = _session ??= await Session.OpenAsync(dataSource, cancellationToken);
        var statement = batch[0].Completes ? session.Completion : session.Arrival;
        var intact = false;
        try
        {
            if (batch[0] is { MaxActiveCertificates: > 0, Certificate: not null } alone)
                await session.WriteWithinLimitAsync(statement, alone, now, claimed, cancellationToken);
            else
                await statement.RunAsync(batch, now, claimed, cancellationToken);
            intact = true;
        }
        finally
        {
            if (!intact)
                await CloseAsync();
        }
    }

    // 57P..: the server goes down or has just come up, which Npgsql's own list leaves out in part.
    public bool IsTransient(Exception fault) => fault is NpgsqlException { IsTransient: true }
        || (fault is PostgresException refused && refused.SqlState.StartsWith("57P", StringComparison.Ordinal));

    public ValueTask DisposeAsync() => CloseAsync();

    private async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
            await session.DisposeAsync();
    }

    private sealed class Session(NpgsqlConnection connection, Statement arrival, Statement completion) : IAsyncDisposable
    {
        public Statement Arrival => arrival;

        public Statement Completion => completion;

        public static async Task<Session> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        {
            var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            try
            {
                // Planning the statement anew costs more than running it, and the plan never depends on the values.
                await using var set = new NpgsqlCommand("SET plan_cache_mode = force_generic_plan", connection);
                await set.ExecuteNonQueryAsync(cancellationToken);
                return new Session(
                    connection,
                    await Statement.PrepareAsync(connection, PostgresJournalSql.Arrival, cancellationToken),
                    await Statement.PrepareAsync(connection, PostgresJournalSql.Completion, cancellationToken));
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        /// <summary>The same statement, and what it supersedes, in one transaction.</summary>
        public async Task WriteWithinLimitAsync(
            Statement statement, JournalEntry entry, DateTimeOffset now, ISet<Guid> claimed, CancellationToken cancellationToken)
        {
            HashSet<Guid> written = [];
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await PostgresSupersession.LockNameAsync(connection, entry, cancellationToken);
            await statement.RunAsync([entry], now, written, cancellationToken);
            if (written.Count > 0)
                await PostgresSupersession.RevokeOldestAsync(connection, entry, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            claimed.UnionWith(written);
        }

        public async ValueTask DisposeAsync()
        {
            await arrival.Command.DisposeAsync();
            await completion.Command.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    /// <summary>The prepared command and its arrays, the instant <c>now</c> first.</summary>
    private sealed class Statement
    {
        private readonly NpgsqlParameter<DateTimeOffset> _now = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };
        private readonly JournalArray[] _arrays = [.. PostgresJournalSql.Columns.Select(column => column.Column.NewArray())];

        private Statement(NpgsqlConnection connection, string sql)
        {
            Command = new NpgsqlCommand(sql, connection);
            Command.Parameters.Add(_now);
            foreach (var array in _arrays)
                Command.Parameters.Add(array.Parameter);
        }

        public NpgsqlCommand Command { get; }

        public static async Task<Statement> PrepareAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
        {
            var statement = new Statement(connection, sql);
            await statement.Command.PrepareAsync(cancellationToken);
            return statement;
        }

        public async Task RunAsync(IReadOnlyList<JournalEntry> batch, DateTimeOffset now, ISet<Guid> claimed, CancellationToken cancellationToken)
        {
            Fill(batch, now);
            await using var reader = await Command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                claimed.Add(reader.GetGuid(0));

            // The rows come before the commit: only the end of the whole answer says that it happened.
            await reader.NextResultAsync(cancellationToken);
        }

        private void Fill(IReadOnlyList<JournalEntry> batch, DateTimeOffset now)
        {
            _now.TypedValue = Stored.Time(now);
            foreach (var array in _arrays)
            {
                array.Clear();
                for (var i = 0; i < batch.Count; i++)
                    array.Add(batch[i]);
            }
        }
    }
}
