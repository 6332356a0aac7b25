using System.Data;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.Data.Sqlite;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>The same semantics on SQLite: one IMMEDIATE transaction a batch, a handful of prepared commands a row.</summary>
internal sealed class SqliteJournalWriter(string connectionString, TimeProvider clock) : IJournalWriter
{
    private const int Busy = 5;
    private const int Locked = 6;

    private Session? _session;

    public async Task WriteAsync(IReadOnlyList<JournalEntry> batch, ISet<Guid> claimed, CancellationToken cancellationToken)
    {
        var intact = false;
        try
        {
            _session ??= await Session.OpenAsync(connectionString, cancellationToken);
            _session.Write(batch, clock.GetUtcNow(), claimed);
            intact = true;
        }
        finally
        {
            if (!intact)
                await DisposeAsync();
        }
    }

    public bool IsTransient(Exception fault) => fault is SqliteException { SqliteErrorCode: Busy or Locked };

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is { } session)
            await session.DisposeAsync();
    }

    private sealed class Session : IAsyncDisposable
    {
        private const string Now = "@now";
        private const string FreeKey = $"held_until <= {Now}";

        private static readonly string Use = $"""
            INSERT INTO challenge_uses ({JournalTable.Uses.ColumnNames})
            SELECT {JournalTable.Uses.Values(Parameter, Now)} WHERE NOT EXISTS (SELECT 1 FROM enrolments WHERE token_sha256 = @token_sha256)
            ON CONFLICT (use_key) DO NOTHING
            """;

        // One writer at a time: the lowest free slot that it sees is free. 86400000000 microseconds are 24 hours.
        private const string TakeSlot = """
            WITH RECURSIVE slots (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM slots WHERE n + 1 < @device_limit),
            live AS (SELECT slot FROM device_slots WHERE device_key = @device_key AND taken_at > @now - 86400000000)
            INSERT INTO device_slots (device_key, slot, enrolment_id, taken_at)
            SELECT @device_key, min(n), @enrolment_id, @now FROM slots
            WHERE n NOT IN (SELECT slot FROM live) AND (SELECT count(*) FROM live) < @device_limit HAVING min(n) IS NOT NULL
            ON CONFLICT (device_key, slot) DO UPDATE SET enrolment_id = excluded.enrolment_id, taken_at = excluded.taken_at
            """;

        private const string Vetted =
            "EXISTS (SELECT 1 FROM certificate_profiles WHERE id = @profile_id AND version = @profile_version AND enabled)";

        private readonly SqliteConnection _connection;
        private readonly Statement _arrival;
        private readonly Statement _completion;
        private readonly Statement _certificate;
        private readonly Statement _enrolment;
        private readonly Statement _issue;
        private readonly Statement _audit;
        private readonly Statement _supersede;
        private readonly Statement _use;
        private readonly Statement _slot;

        private Session(SqliteConnection connection)
        {
            _connection = connection;
            JournalColumn[] claim = [.. JournalTable.Answers.Columns, .. JournalTable.Guard];
            _arrival = new Statement(connection, Claim(Vetted, FreeKey), claim);
            _completion = new Statement(
                connection,
                Claim(
                    $"""
                    EXISTS (SELECT 1 FROM enrolments WHERE id = @enrolment_id AND state = 'Approved' AND CASE WHEN issuer_id IS NULL
                        THEN {Vetted} ELSE issuer_id = @issuer_id AND @serial_number IS NOT NULL END)
                    """,
                    $"enrolment_id = excluded.enrolment_id OR {FreeKey}"),
                [.. claim, .. JournalTable.Enrolments.Columns.Where(column => column.Name is "issuer_id" or "serial_number")]);
            _certificate = Insert(connection, JournalTable.Certificates);
            _enrolment = Insert(connection, JournalTable.Enrolments);
            _issue = new Statement(
                connection,
                "UPDATE enrolments SET state = @state, issuer_id = @issuer_id, serial_number = @serial_number, "
                    + "held_until = @now + @held_until WHERE id = @id",
                [.. JournalTable.Enrolments.Columns.Where(
                    column => column.Name is "id" or "state" or "issuer_id" or "serial_number" or "held_until")]);
            _audit = Insert(connection, JournalTable.Audit);
            _supersede = new Statement(connection, JournalTable.Supersede(Now, "LIMIT -1"), JournalTable.Superseding);
            _use = new Statement(connection, Use, [.. JournalTable.Uses.Columns, .. JournalTable.Token]);
            _slot = new Statement(connection, TakeSlot, JournalTable.Budget);
        }

        public static async Task<Session> OpenAsync(string connectionString, CancellationToken cancellationToken)
        {
            var connection = new SqliteConnection(connectionString);
            try
            {
                await connection.OpenAsync(cancellationToken);
                SqlitePragmas.Apply(connection);
                return new Session(connection);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        public void Write(IReadOnlyList<JournalEntry> batch, DateTimeOffset now, ISet<Guid> claimed)
        {
            List<Guid> written = [];
            using var transaction = _connection.BeginTransaction(IsolationLevel.Serializable, deferred: false);
            foreach (var entry in batch)
            {
                if (WriteOne(entry, transaction, now))
                    written.Add(entry.Enrolment.Id);
            }

            transaction.Commit();
            claimed.UnionWith(written);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var statement in new[] { _arrival, _completion, _certificate, _enrolment, _issue, _audit, _supersede, _use, _slot })
                await statement.DisposeAsync();
            await _connection.DisposeAsync();
        }

        private static string Claim(string condition, string free) => $"""
            INSERT INTO enrolment_answers ({JournalTable.Answers.ColumnNames})
            SELECT {JournalTable.Answers.Values(Parameter, Now)} WHERE {condition}
            ON CONFLICT (request_key) DO UPDATE SET enrolment_id = excluded.enrolment_id, held_until = excluded.held_until
            WHERE {free}
            """;

        private static Statement Insert(SqliteConnection connection, JournalTable table) =>
            new(connection, $"INSERT INTO {table.Name} ({table.ColumnNames}) VALUES ({table.Values(Parameter, Now)})", table.Columns);

        private static string Parameter(JournalColumn column) => "@" + column.Name;

        /// <summary>All claims or none: what was claimed before one that failed is taken back.</summary>
        private bool Claim(JournalEntry entry, SqliteTransaction transaction, DateTimeOffset now)
        {
            const string Claims = "claims";
            transaction.Save(Claims);
            var whole = (entry.Use is null || _use.Run(entry, transaction, now) > 0)
                && (entry.Budget is null || _slot.Run(entry, transaction, now) > 0)
                && (entry.Completes ? _completion : _arrival).Run(entry, transaction, now) > 0;
            if (!whole)
                transaction.Rollback(Claims);
            transaction.Release(Claims);
            return whole;
        }

        private bool WriteOne(JournalEntry entry, SqliteTransaction transaction, DateTimeOffset now)
        {
            if (!Claim(entry, transaction, now))
                return false;
            if (entry.Certificate is not null)
                _certificate.Run(entry, transaction, now);
            (entry.Completes ? _issue : _enrolment).Run(entry, transaction, now);
            _audit.Run(entry, transaction, now);
            if (entry is { MaxActiveCertificates: > 0, Certificate: not null })
            {
                foreach (var serial in _supersede.Read(entry, transaction, now))
                    _audit.Run(entry with { Audit = EnrolmentTrail.Superseded(entry.Audit, serial) }, transaction, now);
            }

            return true;
        }
    }

    private sealed class Statement : IAsyncDisposable
    {
        private readonly SqliteCommand _command;
        private readonly IReadOnlyList<JournalColumn> _columns;
        private readonly SqliteParameter _now = new("@now", SqliteType.Integer);

        public Statement(SqliteConnection connection, string sql, IReadOnlyList<JournalColumn> columns)
        {
            _command = connection.CreateCommand();
            _command.CommandText = sql;
            _columns = columns;
            foreach (var column in columns)
                _command.Parameters.Add(new SqliteParameter { ParameterName = "@" + column.Name });
            if (sql.Contains("@now", StringComparison.Ordinal))
                _command.Parameters.Add(_now);
        }

        /// <summary>The number of rows that were written.</summary>
        public int Run(JournalEntry entry, SqliteTransaction transaction, DateTimeOffset now)
        {
            Fill(entry, transaction, now);
            return _command.ExecuteNonQuery();
        }

        /// <summary>The first column of what comes back.</summary>
        public List<string> Read(JournalEntry entry, SqliteTransaction transaction, DateTimeOffset now)
        {
            Fill(entry, transaction, now);
            List<string> values = [];
            using var reader = _command.ExecuteReader();
            while (reader.Read())
                values.Add(reader.GetString(0));
            return values;
        }

        public ValueTask DisposeAsync() => _command.DisposeAsync();

        private void Fill(JournalEntry entry, SqliteTransaction transaction, DateTimeOffset now)
        {
            _command.Transaction = transaction;
            for (var i = 0; i < _columns.Count; i++)
                _command.Parameters[i].Value = _columns[i].ForSqlite(entry);
            _now.Value = Stored.UnixMicroseconds(now);
        }
    }
}
