using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Database;

public enum DatabaseProvider
{
    PostgreSql,
    Sqlite,
}

/// <param name="Provider">Which database.</param>
/// <param name="ConnectionString">For Npgsql or Microsoft.Data.Sqlite; a secret, because it may hold a password.</param>
/// <param name="MaxConnections">Pool size.</param>
public sealed record DatabaseOptions(DatabaseProvider Provider, Secret ConnectionString, int MaxConnections)
{
    /// <summary>The setting in which the operator named the database, for remedies; null where a verb chose it.</summary>
    public string? Setting { get; init; }

    /// <summary>How long one request may wait for the database.</summary>
    public TimeSpan Deadline { get; init; } = DatabaseSettings.Deadline.Default;
}

/// <summary>Which database, and how long it is waited for.</summary>
internal static class DatabaseSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly SecretSetting Url = Group.AddSecret(
        "CERTCTL_DATABASE_URL",
        "Required. `postgres://user:password@host:port/database?sslmode=…`, several hosts by commas, or `sqlite:///absolute/path`.");

    public static readonly DefaultedSetting<int> MaxConnections = Group.Add(
        "CERTCTL_DATABASE_MAX_CONNS", SettingType.Integer(3, 500), 25,
        "Connections to PostgreSQL: a quarter of them, at least 3, for lists and exports, the others, at least 3, for all else.");

    public static readonly DefaultedSetting<TimeSpan> Deadline = Group.Add(
        "CERTCTL_DATABASE_DEADLINE", SettingType.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), TimeSpan.FromSeconds(10),
        "How long one request may wait for the database, all its questions together; then, and at once while the database is known to "
        + "hang, 503 with Retry-After (docs/operations.md).");

    public static DatabaseOptions Read(SettingValues values)
    {
        var connections = values.Read(MaxConnections);
        var deadline = values.Read(Deadline);
        var problems = values.Problems.Count;
        var url = values.Read(Url);
        if (url is null && values.Problems.Count == problems)
        {
            values.Problems.Add(
                $"{Url.Name} is not set: postgres://user:password@host/database or sqlite:///path (or "
                + $"{Url.Name}{KnownSettings.FileSuffix}).");
        }

        var options = (url is null ? null : DatabaseUrl.Parse(url.Reveal(), connections, values.Problems))
            ?? new DatabaseOptions(DatabaseProvider.Sqlite, new Secret(""), connections);
        return options with { Setting = values.GivenAs(Url), Deadline = deadline };
    }
}
