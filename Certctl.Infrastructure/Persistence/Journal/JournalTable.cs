using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence.Mapping;
using Certctl.Infrastructure.Persistence.Repositories;
using NpgsqlTypes;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// A table that the journal inserts into. What stands here must say the same as <c>Mapping/</c>; a test reads it back through EF.
/// </summary>
internal sealed record JournalTable(string Name, IReadOnlyList<JournalColumn> Columns)
{
    /// <summary>The claim of the retry key: its key, who answers, until when.</summary>
    public static readonly JournalTable Answers = new("enrolment_answers",
    [
        Bytes("request_key", e => e.RequestKey),
        Id("enrolment_id", e => e.Enrolment.Id),
        HeldUntil,
    ]);

    /// <summary>The claim of a signed challenge; rows with a null key are none.</summary>
    public static readonly JournalTable Uses = new("challenge_uses",
    [
        Bytes("use_key", e => e.Use?.Key),
        Bytes("csr_sha256", e => e.Enrolment.CsrSha256),
        Id("enrolment_id", e => e.Enrolment.Id),
        KeptUntil,
    ]);

    /// <summary>What names the signed challenge in the enrolment that it brought.</summary>
    public static IReadOnlyList<JournalColumn> Token => [.. Enrolments.Columns.Where(column => column.Name is "token_sha256")];

    /// <summary>The device's budget, null where there is none. Which slot of it is free the statement finds out.</summary>
    public static readonly IReadOnlyList<JournalColumn> Budget =
    [
        Bytes("device_key", e => e.Budget?.Key),
        new JournalColumn<int>("device_limit", "integer", NpgsqlDbType.Integer, e => e.Budget?.Limit ?? 0),
        Id("enrolment_id", e => e.Enrolment.Id),
    ];

    /// <summary>Rows with a null serial number are no certificates and are left out.</summary>
    public static readonly JournalTable Certificates = new("certificates",
    [
        Text("issuer_id", e => e.Certificate?.IssuerId),
        Text("serial_number", e => e.Certificate?.SerialNumber),
        Text("subject", e => e.Certificate?.Subject),
        Text("common_name", e => e.Certificate?.CommonName),
        Json("sans", e => e.Certificate?.SubjectAltNames),
        Bytes("name_sha256", e => e.Certificate?.NameSha256),
        Text("authority_key_id", e => e.Certificate?.AuthorityKeyId),
        TimeOrNull("not_before", e => e.Certificate?.NotBefore),
        TimeOrNull("not_after", e => e.Certificate?.NotAfter),
        Text("key_algorithm", e => e.Certificate?.KeyAlgorithm),
        Bytes("public_key_sha256", e => e.Certificate?.PublicKeySha256),
        Bytes("fingerprint_sha256", e => e.Certificate?.Sha256),
        Bytes("der", e => e.Certificate?.Der),
        Text("profile_id", e => e.Certificate?.ProfileId),
        Text("path_id", e => e.Certificate?.PathId),
        Text("source", e => e.Certificate?.Source),
        TimeOrNull("created_at", e => e.Certificate?.CreatedAt),
        TimeOrNull("revoked_at", e => e.Certificate?.RevokedAt),
        Text("revocation_reason", e => e.Certificate?.RevocationReason?.ToString()),
        Text("crl_partition", e => e.Certificate?.CrlPartition),
    ]);

    public static readonly JournalTable Enrolments = new("enrolments",
    [
        Id("id", e => e.Enrolment.Id),
        Text("protocol", e => e.Enrolment.Protocol),
        Text("path_id", e => e.Enrolment.PathId),
        Text("kind", e => e.Enrolment.Kind.ToString()),
        Text("transaction_id", e => e.Enrolment.TransactionId.Value),
        Bytes("signer_key_sha256", e => e.Enrolment.SignerKeySha256),
        Bytes("csr", e => e.Enrolment.Csr),
        Bytes("csr_sha256", e => e.Enrolment.CsrSha256),
        Text("profile_id", e => e.Enrolment.ProfileId),
        Text("subject", e => e.Enrolment.Subject),
        Json("sans", e => e.Enrolment.SubjectAltNames),
        Text("key_algorithm", e => e.Enrolment.KeyAlgorithm),
        Bytes("public_key_sha256", e => e.Enrolment.PublicKeySha256),
        Text("challenge_kind", e => e.Enrolment.ChallengeKind.ToString()),
        Text("vouched_by", e => e.Enrolment.VouchedBy),
        Text("claim_issuer", e => e.Enrolment.ClaimIssuer),
        Text("claim_subject", e => e.Enrolment.ClaimSubject),
        Text("device_name", e => e.Enrolment.DeviceName),
        Bytes("token_sha256", e => e.Enrolment.TokenSha256),
        Text("source_address", e => e.Enrolment.SourceAddress),
        Text("state", e => e.Enrolment.State.ToString()),
        HeldUntil,
        TimeOrNull("decided_at", e => e.Enrolment.DecidedAt),
        Text("decided_by", e => e.Enrolment.DecidedBy),
        Text("issuer_id", e => e.Enrolment.IssuerId),
        Text("serial_number", e => e.Enrolment.SerialNumber),
    ])
    {
        // The newest of a transaction answers its polls: which one that is must not depend on the clocks of two processes.
        Stamp = "created_at",
    };

    public static readonly JournalTable Audit = new("audit_events",
    [
        Id("id", e => e.Audit.Id),
        Time("timestamp", e => e.Audit.Timestamp),
        Text("actor", e => e.Audit.Actor),
        Text("actor_type", e => e.Audit.ActorType),
        Text("action", e => e.Audit.Action),
        Text("outcome", e => e.Audit.Outcome.ToString()),
        Text("reason", e => e.Audit.Reason),
        Text("detail", e => e.Audit.Detail),
        Text("resource_type", e => e.Audit.ResourceType),
        Text("resource_id", e => e.Audit.ResourceId),
        Text("path_id", e => e.Audit.PathId),
        Text("profile_id", e => e.Audit.ProfileId),
        Text("transaction_id", e => e.Audit.TransactionId),
        Text("subject", e => e.Audit.Subject),
        Json("sans", e => e.Audit.SubjectAltNames),
        Text("serial_number", e => e.Audit.SerialNumber),
        Text("signer", e => e.Audit.Signer),
        Text("client_certificate", e => e.Audit.ClientCertificate),
        Text("device_name", e => e.Audit.DeviceName),
        Text("claim_subject", e => e.Audit.ClaimSubject),
        Text("claim_issuer", e => e.Audit.ClaimIssuer),
        Text("token_sha256", e => e.Audit.TokenSha256),
        Text("source_address", e => e.Audit.SourceAddress),
        Text("request_id", e => e.Audit.RequestId),
        new JournalColumn<int>("count", "integer", NpgsqlDbType.Integer, e => e.Audit.Count),
    ]);

    /// <summary>The guard of the claim: the profile version that vetted the request.</summary>
    public static readonly IReadOnlyList<JournalColumn> Guard =
    [
        Text("profile_id", e => e.Enrolment.ProfileId),
        new JournalColumn<int>("profile_version", "integer", NpgsqlDbType.Integer, e => e.ProfileVersion),
    ];

    /// <summary>The certificates that a new one supersedes: whose they are, and how many may stay valid.</summary>
    public static readonly IReadOnlyList<JournalColumn> Superseding =
    [
        Text("issuer_id", e => e.Certificate?.IssuerId),
        Text("path_id", e => e.Certificate?.PathId),
        Text("profile_id", e => e.Certificate?.ProfileId),
        Bytes("name_sha256", e => e.Certificate?.NameSha256),
        Text("serial_number", e => e.Certificate?.SerialNumber),
        Text("renewed", e => e.Enrolment.VouchedBy),
        new JournalColumn<int>("beside", "integer", NpgsqlDbType.Integer, e => e.MaxActiveCertificates - 1),
    ];

    /// <summary>
    /// Revokes the oldest beyond the limit, of this path alone, and returns their serial numbers: both dialects understand it. The
    /// certificate that signed the renewal is the last to go, whatever came after it: the device has it for certain. Those on hold are the
    /// first: a release must not bring back one more than the limit. What another transaction has revoked meanwhile stays as that says.
    /// </summary>
    /// <param name="now">How the statement names the database's time.</param>
    /// <param name="rest">SQLite wants a LIMIT before its OFFSET.</param>
    public static string Supersede(string now, string rest) => $"""
        UPDATE certificates SET revoked_at = {now}, revocation_reason = 'Superseded'
        WHERE issuer_id = @issuer_id AND {RevocationRule.MayBeRevokedForGood} AND serial_number IN (
            SELECT serial_number FROM certificates
            WHERE issuer_id = @issuer_id AND path_id = @path_id AND profile_id = @profile_id AND name_sha256 = @name_sha256
                AND serial_number <> @serial_number AND {RevocationRule.MayBeRevokedForGood} AND not_after > {now}
            ORDER BY CASE WHEN revoked_at IS NOT NULL THEN 2 WHEN serial_number = @renewed THEN 0 ELSE 1 END,
                created_at DESC, serial_number DESC {rest} OFFSET @beside)
        RETURNING serial_number
        """;

    /// <summary>A further column, which takes the database's time.</summary>
    public string? Stamp { get; init; }

    public string ColumnNames => string.Join(", ", Columns.Select(column => column.Name).Concat(Stamp is null ? [] : [Stamp]));

    // Counted from when the database takes it: the clock of the process that commits has no say in when an answer lapses.
    private static JournalColumn HeldUntil => new JournalColumn<TimeSpan>("held_until", "interval", NpgsqlDbType.Interval, e => e.HeldFor)
    {
        Written = (span, now) => $"{now} + {span}",
    };

    // A process whose clock is behind may take a challenge that is over already:
    // the sweep must not have it while others could still meet it.
    private static JournalColumn KeptUntil => new JournalColumn<DateTimeOffset?>(
        "kept_until", "timestamptz", NpgsqlDbType.TimestampTz, e => e.Use is { } use ? Stored.Time(use.KeptUntil) : null)
    {
        Written = (time, now) => $"CASE WHEN {time} > {now} THEN {time} ELSE {now} END",
    };

    /// <summary>The SQL of the values in the order of <see cref="ColumnNames"/>.</summary>
    /// <param name="parameter">How the statement names a column's parameter.</param>
    /// <param name="now">How it names the database's time.</param>
    public string Values(Func<JournalColumn, string> parameter, string now) =>
        string.Join(", ", Columns.Select(column => column.Value(parameter(column), now)).Concat(Stamp is null ? [] : [now]));

    private static JournalColumn<Guid> Id(string name, Func<JournalEntry, Guid> value) => new(name, "uuid", NpgsqlDbType.Uuid, value);

    private static JournalColumn<byte[]?> Bytes(string name, Func<JournalEntry, byte[]?> value) =>
        new(name, "bytea", NpgsqlDbType.Bytea, value);

    private static JournalColumn<string?> Text(string name, Func<JournalEntry, string?> value) =>
        new(name, "text", NpgsqlDbType.Text, e => Stored.TextOrNull(value(e)));

    private static JournalColumn<string?> Json(string name, Func<JournalEntry, IReadOnlyList<string>?> value) =>
        new(name, "jsonb", NpgsqlDbType.Jsonb, e => value(e) is { } list ? Stored.List(list) : null);

    private static JournalColumn<DateTimeOffset> Time(string name, Func<JournalEntry, DateTimeOffset> value) =>
        new(name, "timestamptz", NpgsqlDbType.TimestampTz, e => Stored.Time(value(e)));

    private static JournalColumn<DateTimeOffset?> TimeOrNull(string name, Func<JournalEntry, DateTimeOffset?> value) =>
        new(name, "timestamptz", NpgsqlDbType.TimestampTz, e => value(e) is { } time ? Stored.Time(time) : null);
}
