using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Certctl.Tests.Measure;

/// <summary>
/// A year of a fleet, the same each time: certificates of several profiles and paths, a twentieth of them revoked and a fifth expired, and
/// a trail in which one event of five issues the certificate and most of the others are refusals.
/// Some values are rare, and some are found in the oldest tenth alone.
/// </summary>
internal sealed class ListSeed(DateTimeOffset now, int certificates, int events)
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private static readonly string[] Departments = ["Sales", "Warehouse", "Research", "Finance", "Field Service"];
    private static readonly string[] Persons = ["olga", "alice", "igor", "mehmet"];
    private static readonly (string Reason, string Detail)[] Refusals =
    [
        ("challenge_wrong", "the challenge password is not that of this path"),
        ("challenge_expired", "the signed challenge has expired"),
        ("name_not_allowed", "the subject is outside of what the profile allows"),
        ("rate_limited", "the device has had its certificates of today"),
        ("malformed_request", "the message has no signer"),
    ];

    /// <summary>CERTCTL_TEST_LISTS=certificates,events, or a million and five.</summary>
    public static (int Certificates, int Events) Sizes()
    {
        var sizes = (Environment.GetEnvironmentVariable("CERTCTL_TEST_LISTS") ?? "1000000,5000000")
            .Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture)).ToArray();
        return (sizes[0], sizes[1]);
    }

    public IEnumerable<IssuedCertificate> Certificates => Enumerable.Range(0, certificates).Select(Certificate);

    public IEnumerable<AuditEvent> Events => Enumerable.Range(0, events).Select(Event);

    public IssuedCertificate Certificate(int i)
    {
        var dice = Dice(i, 1);
        var issued = At(i, certificates);
        var name = $"{Departments[dice[0] % 5].Split(' ')[0].ToLowerInvariant()}-laptop-{i:D7}";
        var certificate = new IssuedCertificate
        {
            IssuerId = i % 5000 == 7 ? "iss-lab" : "iss-local",
            SerialNumber = Convert.ToHexStringLower(Dice(i, 2).AsSpan(0, 20)),
            ProfileId = i < certificates / 10 && dice[1] < 25 ? "legacy" : i % 4000 == 3 ? "pilot" : dice[1] < 150 ? "default" : "wifi",
            PathId = i % 10_000 == 9 ? "lab" : dice[2] < 120 ? "" : dice[2] < 200 ? "corp" : "intune",
            Source = i % 2500 == 1 ? "EST" : "SCEP",
            Subject = $"CN={name},OU={Departments[dice[0] % 5]},O=Example",
            CommonName = name,
            SubjectAltNames = dice[3] < 128
                ? [$"DNS:{name}.example.test"]
                : [$"DNS:{name}.example.test", $"UPN:user{dice[4]}.müller@example.test"],
            NotBefore = issued.AddMinutes(-5),
            NotAfter = issued.AddDays(dice[5] < 68 ? 90 : 730),
            KeyAlgorithm = "RSA-2048",
            PublicKeySha256 = Dice(i, 3),
            Sha256 = Dice(i, 4),
            Der = Der(i),
            CreatedAt = issued,
        };
        if (dice[6] < 13)
            certificate.Revoke(
                dice[7] < 20 ? RevocationReason.CertificateHold : RevocationReason.Superseded,
                issued + ((now - issued) * (dice[8] / 256.0)));
        return certificate;
    }

    public AuditEvent Event(int i)
    {
        var at = At(i, events);
        var dice = Dice(i, 5);
        var of = Certificate((int)((long)i * certificates / events));
        var audit = new AuditEvent
        {
            Id = Id(at, dice),
            Timestamp = at,
            Actor = "scep-client",
            ActorType = "System",
            Action = dice[0] < 200 ? AuditAction.ScepPkcsReq : dice[0] < 240 ? AuditAction.ScepRenewalReq : AuditAction.ScepGetCertInitial,
            Outcome = AuditOutcome.Refused,
            ResourceType = "certificate",
            ResourceId = "",
            PathId = of.PathId,
            ProfileId = of.ProfileId,
            TransactionId = Convert.ToHexString(Dice(i, 6).AsSpan(0, 16)),
            Subject = of.Subject,
            SubjectAltNames = of.SubjectAltNames,
            DeviceName = dice[1] < 64 ? of.CommonName : null,
            SourceAddress = $"10.{dice[2]}.{dice[3]}.{dice[4]}",
            RequestId = new Guid(Dice(i, 7).AsSpan(0, 16)).ToString(),
        };
        if (i % 5 == 0)
            return audit with
            {
                Outcome = AuditOutcome.Issued,
                ResourceId = of.SerialNumber,
                SerialNumber = of.SerialNumber,
                Action = dice[0] < 200 ? AuditAction.ScepPkcsReq : AuditAction.ScepRenewalReq,
            };
        if (i % 250 == 1)
            return audit with
            {
                Actor = Persons[dice[5] % 4],
                ActorType = "User",
                Action = AuditAction.CertificateRevoked,
                Outcome = AuditOutcome.Done,
                ResourceId = of.SerialNumber,
                SerialNumber = of.SerialNumber,
                Detail = "Superseded: replaced",
            };
        if (i % 25_000 == 2)
            return audit with
            {
                Actor = "root",
                ActorType = "User",
                Action = AuditAction.ProfileSaved,
                Outcome = AuditOutcome.Done,
                ResourceType = "profile",
                ResourceId = of.ProfileId,
                Detail = "max_validity changed",
                PathId = null,
                Subject = null,
                SubjectAltNames = [],
                TransactionId = null,
            };
        if (i % 100 == 3)
            return audit with
            {
                Outcome = AuditOutcome.Pending,
                ResourceType = "enrolment",
                ResourceId = new Guid(Dice(i, 8).AsSpan(0, 16)).ToString(),
            };
        var (reason, detail) = i % 20_000 == 4 ? ("profile_unavailable", "the profile kept changing") : Refusals[dice[6] % 5];
        return audit with { Reason = reason, Detail = $"{detail} ({dice[7]:x2}{dice[8]:x2})", Count = i % 97 == 0 ? 12 : 1 };
    }

    /// <summary>
    /// Writes all of it. The indexes are made afterwards, which is how long they would take on a database that grew before it had them.
    /// </summary>
    /// <returns>Each index and how long it took.</returns>
    public async Task<IReadOnlyList<(string Index, TimeSpan Took)>> FillAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var indexes = new List<(string Name, string Definition)>();
        await using (var command = new NpgsqlCommand(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('certificates', 'audit_events') AND indexname LIKE '%\\_idx'",
            connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                indexes.Add((reader.GetString(0), reader.GetString(1)));
        }

        foreach (var (name, _) in indexes)
            await ExecuteAsync(connection, $"DROP INDEX {name}");
        await CopyAsync(connection, "certificates", CertificateColumns, Certificates);
        await CopyAsync(connection, "audit_events", EventColumns, Events);
        await ExecuteAsync(connection, "SET maintenance_work_mem = '512MB'");
        var took = new List<(string, TimeSpan)>();
        foreach (var (name, definition) in indexes)
        {
            var started = TimeProvider.System.GetTimestamp();
            await ExecuteAsync(connection, definition);
            took.Add((name, TimeProvider.System.GetElapsedTime(started)));
        }

        await ExecuteAsync(connection, "VACUUM (ANALYZE) certificates");
        await ExecuteAsync(connection, "VACUUM (ANALYZE) audit_events");
        await ExecuteAsync(connection, "CHECKPOINT");
        return took;
    }

    /// <summary>The same for either database and for few rows.</summary>
    public async Task FillAsync(CertctlDbContext db)
    {
        // EF writes the field behind the digest, which is made when it is asked for.
        db.Certificates.AddRange(Certificates.Where(certificate => certificate.NameSha256.Length > 0));
        db.AuditEvents.AddRange(Events);
        await db.SaveChangesAsync();
    }

    private DateTimeOffset At(int i, int of) => now - Year + (Year * ((double)i / of));

    private static byte[] Dice(int i, int salt) => SHA256.HashData(BitConverter.GetBytes(((long)salt << 32) | (uint)i));

    private static byte[] Der(int i)
    {
        var der = new byte[900];
        new Random(i).NextBytes(der);
        return der;
    }

    // Guid.CreateVersion7 would roll dice of its own.
    private static Guid Id(DateTimeOffset at, byte[] dice)
    {
        var time = at.ToUnixTimeMilliseconds();
        return new Guid(
            (uint)(time >> 16), (ushort)time, (ushort)(0x7000 | BitConverter.ToUInt16(dice, 10) & 0xfff), (byte)(0x80 | dice[12] & 0x3f),
            dice[13], dice[14], dice[15], dice[16], dice[17], dice[18], dice[19]);
    }

    private static async Task CopyAsync<T>(
        NpgsqlConnection connection, string table, (string Name, NpgsqlDbType Type, Func<T, object?> Value)[] columns, IEnumerable<T> rows)
    {
        await using var writer = await connection.BeginBinaryImportAsync(
            $"COPY {table} ({string.Join(", ", columns.Select(column => column.Name))}) FROM STDIN (FORMAT binary)");
        foreach (var row in rows)
        {
            await writer.StartRowAsync();
            foreach (var (_, type, value) in columns)
            {
                if (value(row) is { } given)
                    await writer.WriteAsync(given, type);
                else
                    await writer.WriteNullAsync();
            }
        }

        await writer.CompleteAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    private static readonly (string, NpgsqlDbType, Func<IssuedCertificate, object?>)[] CertificateColumns =
    [
        ("issuer_id", NpgsqlDbType.Text, c => c.IssuerId),
        ("serial_number", NpgsqlDbType.Text, c => c.SerialNumber),
        ("subject", NpgsqlDbType.Text, c => c.Subject),
        ("common_name", NpgsqlDbType.Text, c => c.CommonName),
        ("sans", NpgsqlDbType.Jsonb, c => JsonSerializer.Serialize(c.SubjectAltNames)),
        ("name_sha256", NpgsqlDbType.Bytea, c => c.NameSha256),
        ("not_before", NpgsqlDbType.TimestampTz, c => c.NotBefore.UtcDateTime),
        ("not_after", NpgsqlDbType.TimestampTz, c => c.NotAfter.UtcDateTime),
        ("key_algorithm", NpgsqlDbType.Text, c => c.KeyAlgorithm),
        ("public_key_sha256", NpgsqlDbType.Bytea, c => c.PublicKeySha256),
        ("fingerprint_sha256", NpgsqlDbType.Bytea, c => c.Sha256),
        ("der", NpgsqlDbType.Bytea, c => c.Der),
        ("profile_id", NpgsqlDbType.Text, c => c.ProfileId),
        ("path_id", NpgsqlDbType.Text, c => c.PathId),
        ("source", NpgsqlDbType.Text, c => c.Source),
        ("created_at", NpgsqlDbType.TimestampTz, c => c.CreatedAt.UtcDateTime),
        ("revoked_at", NpgsqlDbType.TimestampTz, c => c.RevokedAt?.UtcDateTime),
        ("revocation_reason", NpgsqlDbType.Text, c => c.RevocationReason?.ToString()),
    ];

    private static readonly (string, NpgsqlDbType, Func<AuditEvent, object?>)[] EventColumns =
    [
        ("id", NpgsqlDbType.Uuid, e => e.Id),
        ("timestamp", NpgsqlDbType.TimestampTz, e => e.Timestamp.UtcDateTime),
        ("actor", NpgsqlDbType.Text, e => e.Actor),
        ("actor_type", NpgsqlDbType.Text, e => e.ActorType),
        ("action", NpgsqlDbType.Text, e => e.Action),
        ("outcome", NpgsqlDbType.Text, e => e.Outcome.ToString()),
        ("reason", NpgsqlDbType.Text, e => e.Reason),
        ("detail", NpgsqlDbType.Text, e => e.Detail),
        ("resource_type", NpgsqlDbType.Text, e => e.ResourceType),
        ("resource_id", NpgsqlDbType.Text, e => e.ResourceId),
        ("path_id", NpgsqlDbType.Text, e => e.PathId),
        ("profile_id", NpgsqlDbType.Text, e => e.ProfileId),
        ("transaction_id", NpgsqlDbType.Text, e => e.TransactionId),
        ("subject", NpgsqlDbType.Text, e => e.Subject),
        ("sans", NpgsqlDbType.Jsonb, e => JsonSerializer.Serialize(e.SubjectAltNames)),
        ("serial_number", NpgsqlDbType.Text, e => e.SerialNumber),
        ("device_name", NpgsqlDbType.Text, e => e.DeviceName),
        ("source_address", NpgsqlDbType.Text, e => e.SourceAddress),
        ("request_id", NpgsqlDbType.Text, e => e.RequestId),
        ("count", NpgsqlDbType.Integer, e => e.Count),
    ];
}
