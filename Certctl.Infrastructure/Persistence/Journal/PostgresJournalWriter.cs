using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence.Availability;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// One prepared statement a batch, one round trip, committed by itself. It keeps one connection for the life of the process; after any
/// fault a new one is opened. A session that does not answer within half of a request's deadline is left to itself,
/// so that another can still serve the request.
/// </summary>
internal sealed class PostgresJournalWriter(NpgsqlDataSource dataSource, PostgresPools pools, DatabaseAccess access) : IJournalWriter
{
    private readonly TimeSpan _bound = access.Deadline / 2;
    private Session? _session;

    public async Task WriteAsync(IReadOnlyList<JournalEntry> batch, ISet<Guid> claimed, CancellationToken cancellationToken)
    {
        access.ThrowIfOpen();
        _session ??= await OpenAsync(cancellationToken);
        HashSet<Guid> written = new(batch.Count);
        var writing = WriteAsync(_session, batch, written, cancellationToken);
        try
        {
            await access.WithinAsync(writing, _bound);
            claimed.UnionWith(written);
        }
        finally
        {
            if (!writing.IsCompletedSuccessfully)
                await LeaveAsync(writing);
        }
    }

    public bool IsTransient(Exception fault) => SessionFaults.IsTransient(fault);

    public ValueTask DisposeAsync() => CloseAsync();

    private static async Task<bool> WriteAsync(
        Session session, IReadOnlyList<JournalEntry> batch, HashSet<Guid> written, CancellationToken cancellationToken)
    {
        if (batch[0] is { MaxActiveCertificates: > 0, Certificate: not null } || batch.Any(entry => entry.HasClaims))
            await session.WriteInTransactionAsync(batch, written, cancellationToken);
        else
            await (batch[0].Completes ? session.Completion : session.Arrival).RunAsync(batch, written, cancellationToken);
        return true;
    }

    private async Task<Session> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = Session.OpenAsync(dataSource, cancellationToken);
        try
        {
            return await access.WithinAsync(opening, _bound);
        }
        finally
        {
            if (!opening.IsCompleted)
                _ = CloseLaterAsync(opening);
            else if (!opening.IsCompletedSuccessfully)
                pools.Judge(opening.Exception?.InnerException);
        }
    }

    /// <summary>No session that failed goes on; one that still waits is disposed of when its wait ends.</summary>
    private async Task LeaveAsync(Task<bool> writing)
    {
        pools.Judge(writing.Exception?.InnerException);
        if (writing.IsCompleted)
        {
            await CloseAsync();
        }
        else if (Interlocked.Exchange(ref _session, null) is { } session)
        {
            _ = CloseLaterAsync(writing.ContinueWith(_ => session, TaskScheduler.Default));
        }
    }

    private static async Task CloseLaterAsync(Task<Session> waiting)
    {
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (waiting.IsCompletedSuccessfully)
            await (await waiting).DisposeAsync();
    }

    private async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
            await session.DisposeAsync();
    }

    private sealed class Session(NpgsqlConnection connection) : IAsyncDisposable
    {
        public required Statement Arrival { get; init; }

        public required Statement Completion { get; init; }

        public required Statement ClaimingArrival { get; init; }

        public required Statement ClaimingCompletion { get; init; }

        public static async Task<Session> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        {
            var connection = await dataSource.OpenSessionAsync(cancellationToken);
            try
            {
                // Planning the statement anew costs more than running it, and the plan never depends on the values.
                await using var set = new NpgsqlCommand("SET plan_cache_mode = force_generic_plan", connection);
                await set.ExecuteNonQueryAsync(cancellationToken);
                return new Session(connection)
                {
                    Arrival = await Statement.PrepareAsync(connection, PostgresJournalSql.Arrival, cancellationToken),
                    Completion = await Statement.PrepareAsync(connection, PostgresJournalSql.Completion, cancellationToken),
                    ClaimingArrival = await Statement.PrepareAsync(connection, PostgresJournalSql.ClaimingArrival, cancellationToken),
                    ClaimingCompletion = await Statement.PrepareAsync(connection, PostgresJournalSql.ClaimingCompletion, cancellationToken),
                };
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        /// <summary>
        /// The same, in a transaction of its own: with what it supersedes, and nothing at all where an entry got some of its claims only.
        /// Then each entry is tried by itself, so that this is no matter of its neighbours.
        /// </summary>
        public async Task WriteInTransactionAsync(
            IReadOnlyList<JournalEntry> batch, HashSet<Guid> claimed, CancellationToken cancellationToken)
        {
            if (await TryWriteAsync(batch, claimed, cancellationToken) || batch.Count == 1)
                return;
            foreach (var entry in batch)
                await TryWriteAsync([entry], claimed, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var statement in new[] { Arrival, Completion, ClaimingArrival, ClaimingCompletion })
                await statement.Command.DisposeAsync();
            await connection.DisposeAsync();
        }

        private async Task<bool> TryWriteAsync(
            IReadOnlyList<JournalEntry> batch, HashSet<Guid> claimed, CancellationToken cancellationToken)
        {
            HashSet<Guid> written = [];
            var limited = batch[0] is { MaxActiveCertificates: > 0, Certificate: not null } ? batch[0] : null;
            var statement = (batch[0].Completes, batch.Any(entry => entry.HasClaims)) switch
            {
                (false, false) => Arrival,
                (false, true) => ClaimingArrival,
                (true, false) => Completion,
                (true, true) => ClaimingCompletion,
            };
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            if (limited is not null)
                await PostgresSupersession.LockNameAsync(connection, limited, cancellationToken);

            // Left without a commit, the transaction is undone.
            if (!await statement.RunAsync(batch, written, cancellationToken))
                return false;
            if (limited is not null && written.Count > 0)
                await PostgresSupersession.RevokeOldestAsync(connection, limited, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            claimed.UnionWith(written);
            return true;
        }
    }

    /// <summary>The prepared command and its arrays.</summary>
    private sealed class Statement
    {
        private readonly JournalArray[] _arrays;

        private Statement(NpgsqlConnection connection, PostgresJournalSql sql)
        {
            _arrays = [.. sql.Columns.Select(column => column.Column.NewArray())];
            Command = new NpgsqlCommand(sql.Text, connection);
            foreach (var array in _arrays)
                Command.Parameters.Add(array.Parameter);
        }

        public NpgsqlCommand Command { get; }

        public static async Task<Statement> PrepareAsync(
            NpgsqlConnection connection, PostgresJournalSql sql, CancellationToken cancellationToken)
        {
            var statement = new Statement(connection, sql);
            await statement.Command.PrepareAsync(cancellationToken);
            return statement;
        }

        /// <summary>False: an entry got some of its claims only, and what was written must not be committed.</summary>
        public async Task<bool> RunAsync(IReadOnlyList<JournalEntry> batch, HashSet<Guid> claimed, CancellationToken cancellationToken)
        {
            Fill(batch);
            var whole = true;
            await using var reader = await Command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (reader.GetBoolean(1))
                    claimed.Add(reader.GetGuid(0));
                else
                    whole = false;
            }

            // The rows come before the commit: only the end of the whole answer says that it happened.
            await reader.NextResultAsync(cancellationToken);
            return whole;
        }

        private void Fill(IReadOnlyList<JournalEntry> batch)
        {
            foreach (var array in _arrays)
            {
                array.Clear();
                for (var i = 0; i < batch.Count; i++)
                    array.Add(batch[i]);
            }
        }
    }
}
