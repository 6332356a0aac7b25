namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// The journal's two statements. A batch arrives as arrays, one a column ($1 is the instant, the arrays follow); the first part claims retry
/// keys, and only what was claimed is written by the rest.
/// </summary>
internal static class PostgresJournalSql
{
    /// <summary>The arrays in the order of the parameters; in the batch each column carries its table's letter.</summary>
    public static readonly IReadOnlyList<(string Name, JournalColumn Column)> Columns =
    [
        .. Prefixed("k", JournalTable.Answers.Columns),
        .. Prefixed("p", JournalTable.Guard),
        .. Prefixed("c", JournalTable.Certificates.Columns),
        .. Prefixed("e", JournalTable.Enrolments.Columns),
        .. Prefixed("a", JournalTable.Audit.Columns),
    ];

    // A live answer keeps its key, also when its certificate has been revoked: the same octets must not bring a fresh one.
    private const string FreeKey = "k.held_until <= $1";

    private const string VettedBy = "JOIN certificate_profiles p ON p.id = b.p_profile_id AND p.version = b.p_profile_version AND p.enabled";

    /// <summary>New enrolments. Keys are claimed in their order, so that two replicas never wait for each other in a circle.</summary>
    public static readonly string Arrival = $"""
        WITH {Batch()},
        claimed AS (
            INSERT INTO enrolment_answers AS k (request_key, enrolment_id, held_until)
            SELECT b.k_request_key, b.k_enrolment_id, b.k_held_until FROM batch b {VettedBy}
            ORDER BY b.k_request_key
            ON CONFLICT (request_key) DO UPDATE SET enrolment_id = excluded.enrolment_id, held_until = excluded.held_until
            WHERE {FreeKey}
            RETURNING k.enrolment_id),
        written_certificates AS ({Insert("c", JournalTable.Certificates)} WHERE b.c_serial_number IS NOT NULL),
        written_enrolments AS ({Insert("e", JournalTable.Enrolments)}),
        written_audit AS ({Insert("a", JournalTable.Audit)})
        SELECT enrolment_id FROM claimed
        """;

    /// <summary>
    /// One enrolment that stands as Approved becomes Issued. Its row is locked first: of two that complete it the second waits, sees Issued and
    /// claims nothing.
    /// </summary>
    public static readonly string Completion = $"""
        WITH {Batch()},
        approved AS (
            SELECT b.* FROM batch b {VettedBy} JOIN enrolments e ON e.id = b.e_id
            WHERE e.state = 'Approved' FOR UPDATE OF e),
        claimed AS (
            INSERT INTO enrolment_answers AS k (request_key, enrolment_id, held_until)
            SELECT b.k_request_key, b.k_enrolment_id, b.k_held_until FROM approved b
            ON CONFLICT (request_key) DO UPDATE SET enrolment_id = excluded.enrolment_id, held_until = excluded.held_until
            WHERE k.enrolment_id = excluded.enrolment_id OR {FreeKey}
            RETURNING k.enrolment_id),
        written_certificates AS ({Insert("c", JournalTable.Certificates)}),
        written_enrolments AS (
            UPDATE enrolments e
            SET state = b.e_state, issuer_id = b.e_issuer_id, serial_number = b.e_serial_number, held_until = b.e_held_until
            FROM batch b JOIN claimed ON claimed.enrolment_id = b.e_id WHERE e.id = b.e_id),
        written_audit AS ({Insert("a", JournalTable.Audit)})
        SELECT enrolment_id FROM claimed
        """;

    private static IEnumerable<(string, JournalColumn)> Prefixed(string letter, IReadOnlyList<JournalColumn> columns) =>
        columns.Select(column => ($"{letter}_{column.Name}", column));

    private static string Batch()
    {
        var arrays = Columns.Select((column, index) => $"${index + 2}::{column.Column.PostgresType}[]");
        var names = Columns.Select(column => column.Name);
        return $"batch AS (SELECT * FROM unnest({string.Join(", ", arrays)}) AS b({string.Join(", ", names)}))";
    }

    private static string Insert(string letter, JournalTable table)
    {
        var values = string.Join(", ", table.Columns.Select(column => $"b.{letter}_{column.Name}"));
        return $"INSERT INTO {table.Name} ({table.ColumnNames}) SELECT {values} FROM batch b JOIN claimed ON claimed.enrolment_id = b.k_enrolment_id";
    }
}
