namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// The journal's statements. A batch arrives as arrays, one a column; the time is the database's; the first parts claim keys, and only what
/// was claimed is written by the rest. Keys are claimed in their order, one table after the other,
/// so that two replicas never wait for each other in a circle.
/// </summary>
internal sealed class PostgresJournalSql
{
    /// <summary>When the statement reached the database.</summary>
    public const string Now = "statement_timestamp()";

    /// <summary>
    /// For a transaction whose locks others wait for: where its process stands still, the server ends it after so long, unless a bound for
    /// the session is set already. Not a parameter of the session's start: a pooler refuses those that it does not know.
    /// </summary>
    public const string EndWhenIdle =
        "CASE current_setting('idle_in_transaction_session_timeout') WHEN '0' "
        + "THEN set_config('idle_in_transaction_session_timeout', '30s', true) END";

    // A live answer keeps its key, also when its certificate has been revoked: the same octets must not bring a fresh one.
    private const string FreeKey = $"k.held_until <= {Now}";

    private const string ByProfile = "p.id = b.p_profile_id AND p.version = b.p_profile_version AND p.enabled";

    private const string Vetted = $"SELECT b.* FROM batch b JOIN certificate_profiles p ON {ByProfile}";

    // Its row is locked first: of two that complete it the second waits, sees Issued or reserved and claims nothing. What an issuer has
    // signed for a reservation is recorded whatever became of the profile.
    private const string Approved = $"""
        SELECT b.* FROM batch b JOIN enrolments e ON e.id = b.e_id
        WHERE e.state = 'Approved' AND CASE WHEN e.issuer_id IS NULL
            THEN EXISTS (SELECT 1 FROM certificate_profiles p WHERE {ByProfile})
            ELSE e.issuer_id = b.e_issuer_id AND b.e_serial_number IS NOT NULL END
        FOR UPDATE OF e
        """;

    private const string Live = $"FROM device_slots s WHERE s.device_key = b.d_device_key AND s.taken_at > {Now} - interval '24 hours'";

    /// <summary>
    /// Entries whose budget has a free slot, each with the lowest one; two processes that see the same one meet at its key.
    /// </summary>
    private const string Roomy = $"""
        SELECT b.*, (SELECT min(n) FROM generate_series(0, b.d_device_limit - 1) n
            WHERE NOT EXISTS (SELECT 1 {Live} AND s.slot = n)) AS slot
        FROM vetted b WHERE b.d_device_key IS NULL OR (SELECT count(*) {Live}) < b.d_device_limit
        """;

    // Used once is used for good: the row is the place where two that come at the same time meet;
    // once it is swept, the enrolment remembers.
    private static readonly string Used = $"""
        INSERT INTO challenge_uses AS u ({JournalTable.Uses.ColumnNames})
        SELECT {JournalTable.Uses.Values(column => $"b.u_{column.Name}", Now)} FROM roomy b WHERE b.u_use_key IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM enrolments e WHERE e.token_sha256 = b.e_token_sha256)
        ORDER BY b.u_use_key
        ON CONFLICT (use_key) DO NOTHING
        RETURNING u.enrolment_id
        """;

    private const string Claims =
        "UNION ALL (SELECT enrolment_id, false FROM used UNION SELECT enrolment_id, false FROM slotted) "
        + "EXCEPT ALL SELECT enrolment_id, false FROM claimed";

    private const string Fresh = "(b.u_use_key IS NULL OR b.k_enrolment_id IN (SELECT enrolment_id FROM used))";

    private const string Slotted = $"""
        INSERT INTO device_slots AS s (device_key, slot, enrolment_id, taken_at)
        SELECT b.d_device_key, b.slot, b.d_enrolment_id, {Now} FROM roomy b WHERE b.d_device_key IS NOT NULL AND {Fresh}
        ORDER BY b.d_device_key
        ON CONFLICT (device_key, slot) DO UPDATE SET enrolment_id = excluded.enrolment_id, taken_at = excluded.taken_at
        WHERE s.taken_at <= {Now} - interval '24 hours'
        RETURNING s.enrolment_id
        """;

    private const string Complete = $"""
        UPDATE enrolments e
        SET state = b.e_state, issuer_id = b.e_issuer_id, serial_number = b.e_serial_number, held_until = {Now} + b.e_held_until
        FROM batch b JOIN claimed ON claimed.enrolment_id = b.e_id WHERE e.id = b.e_id
        """;

    private PostgresJournalSql(bool completes, bool claims)
    {
        Columns =
        [
            .. Prefixed("k", JournalTable.Answers.Columns),
            .. Prefixed("p", JournalTable.Guard),
            .. claims
                ? [.. Prefixed("u", JournalTable.Uses.Columns), .. Prefixed("d", JournalTable.Budget)]
                : Array.Empty<(string, JournalColumn)>(),
            .. Prefixed("c", JournalTable.Certificates.Columns),
            .. Prefixed("e", JournalTable.Enrolments.Columns),
            .. Prefixed("a", JournalTable.Audit.Columns),
        ];
        var free = completes ? $"k.enrolment_id = excluded.enrolment_id OR {FreeKey}" : FreeKey;
        var (source, fresh) = claims
            ? ("roomy", $"WHERE {Fresh} AND (b.d_device_key IS NULL OR b.k_enrolment_id IN (SELECT enrolment_id FROM slotted))")
            : ("vetted", "");
        Text = $"""
            WITH {Batch()},
            vetted AS ({(completes ? Approved : Vetted)}),
            {(claims ? $"roomy AS ({Roomy}), used AS ({Used}), slotted AS ({Slotted})," : "")}
            claimed AS (
                INSERT INTO enrolment_answers AS k ({JournalTable.Answers.ColumnNames})
                SELECT {JournalTable.Answers.Values(column => $"b.k_{column.Name}", Now)} FROM {source} b {fresh} ORDER BY b.k_request_key
                ON CONFLICT (request_key) DO UPDATE SET enrolment_id = excluded.enrolment_id, held_until = excluded.held_until
                WHERE {free}
                RETURNING k.enrolment_id),
            written_certificates AS ({Insert("c", JournalTable.Certificates)} WHERE b.c_serial_number IS NOT NULL),
            written_enrolments AS ({(completes ? Complete : Insert("e", JournalTable.Enrolments))}),
            written_audit AS ({Insert("a", JournalTable.Audit)})
            SELECT enrolment_id, true FROM claimed
            {(claims ? Claims : "")}
            """;
    }

    /// <summary>New enrolments.</summary>
    public static PostgresJournalSql Arrival { get; } = new(completes: false, claims: false);

    /// <summary>One enrolment that stands as Approved becomes Issued, or is reserved at its issuer.</summary>
    public static PostgresJournalSql Completion { get; } = new(completes: true, claims: false);

    /// <summary>New enrolments, of which some spend a signed challenge or a device's budget.</summary>
    public static PostgresJournalSql ClaimingArrival { get; } = new(completes: false, claims: true);

    public static PostgresJournalSql ClaimingCompletion { get; } = new(completes: true, claims: true);

    /// <summary>
    /// Returns the enrolments that were claimed with true; with false those that got one of their claims and not all:
    /// then nothing may be committed.
    /// </summary>
    public string Text { get; }

    /// <summary>The arrays in the order of the parameters; in the batch each column carries its table's letter.</summary>
    public IReadOnlyList<(string Name, JournalColumn Column)> Columns { get; }

    private static IEnumerable<(string, JournalColumn)> Prefixed(string letter, IReadOnlyList<JournalColumn> columns) =>
        columns.Select(column => ($"{letter}_{column.Name}", column));

    private string Batch()
    {
        var arrays = Columns.Select((column, index) => $"${index + 1}::{column.Column.PostgresType}[]");
        var names = Columns.Select(column => column.Name);
        return $"batch AS (SELECT * FROM unnest({string.Join(", ", arrays)}) AS b({string.Join(", ", names)}))";
    }

    private static string Insert(string letter, JournalTable table)
    {
        var values = table.Values(column => $"b.{letter}_{column.Name}", Now);
        return $"INSERT INTO {table.Name} ({table.ColumnNames}) SELECT {values} FROM batch b JOIN claimed ON claimed.enrolment_id = "
            + "b.k_enrolment_id";
    }
}
