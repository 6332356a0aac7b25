using System.Data.Common;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Database;

/// <summary>CERTCTL_DATABASE_URL to what the drivers take. The URL may hold a password, so no problem quotes it.</summary>
internal static class DatabaseUrl
{
    public static string Name => DatabaseSettings.Url.Name;

    public static DatabaseOptions? Parse(string url, int maxConnections, ICollection<string> problems)
    {
        if (url.StartsWith("sqlite://", StringComparison.Ordinal))
            return Sqlite(url["sqlite://".Length..], maxConnections, problems);
        if (url.StartsWith("postgres://", StringComparison.Ordinal) || url.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            return PostgresUrl.ConnectionString(url, problems) is { } connection
                ? new DatabaseOptions(DatabaseProvider.PostgreSql, new Secret(connection), maxConnections)
                : null;
        }

        problems.Add($"{Name}: must start with postgres:// or sqlite://.");
        return null;
    }

    // sqlite:///path is the absolute path; the four slashes that some write for it are the same file.
    private static DatabaseOptions? Sqlite(string path, int maxConnections, ICollection<string> problems)
    {
        // A relative path would be another database wherever the server is started from.
        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('?', StringComparison.Ordinal))
        {
            problems.Add($"{Name}: sqlite:// needs the absolute path of a file and nothing else: sqlite:///var/lib/certctl/certctl.db");
            return null;
        }

        var file = path.StartsWith("//", StringComparison.Ordinal) ? path[1..] : path;
        var builder = new DbConnectionStringBuilder { ["Data Source"] = Uri.UnescapeDataString(file) };
        return new DatabaseOptions(DatabaseProvider.Sqlite, new Secret(builder.ConnectionString), maxConnections);
    }
}
