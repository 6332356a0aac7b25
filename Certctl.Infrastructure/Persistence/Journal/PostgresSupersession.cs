using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Npgsql;
using NpgsqlTypes;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// Keeps a profile's limit of valid certificates for one name, in the transaction that brings a new one. Off the batch's fast path: only
/// such profiles pay for it.
/// </summary>
internal static class PostgresSupersession
{
    private static readonly string Supersede = JournalTable.Supersede(PostgresJournalSql.Now, rest: "");

    private static readonly string InsertAudit =
        $"INSERT INTO {JournalTable.Audit.Name} ({JournalTable.Audit.ColumnNames}) VALUES "
        + $"({JournalTable.Audit.Values(column => "@" + column.Name, PostgresJournalSql.Now)})";

    /// <summary>
    /// Until the transaction ends, no other transaction adds a certificate of this name: two concurrent ones would not see each other's.
    /// </summary>
    public static async Task LockNameAsync(NpgsqlConnection connection, JournalEntry entry, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT pg_advisory_xact_lock($1), {PostgresJournalSql.EndWhenIdle}", connection);
        command.Parameters.Add(
            new NpgsqlParameter { Value = BitConverter.ToInt64(entry.Certificate!.NameSha256, 0), NpgsqlDbType = NpgsqlDbType.Bigint });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task RevokeOldestAsync(NpgsqlConnection connection, JournalEntry entry, CancellationToken cancellationToken)
    {
        List<string> revoked = [];
        await using (var supersede = Command(connection, Supersede, JournalTable.Superseding, entry))
        {
            await using var reader = await supersede.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                revoked.Add(reader.GetString(0));
        }

        foreach (var serial in revoked)
        {
            await using var audit = Command(
                connection, InsertAudit, JournalTable.Audit.Columns, entry with { Audit = EnrolmentTrail.Superseded(entry.Audit, serial) });
            await audit.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, IReadOnlyList<JournalColumn> columns, JournalEntry entry)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var column in columns)
            command.Parameters.Add(column.ForPostgres(entry));
        return command;
    }
}
