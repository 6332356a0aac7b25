using System.Data.Common;
using System.Globalization;
using Certctl.Domain.Enrolment;

namespace Certctl.Api.Configuration;

/// <summary>CERTCTL_DATABASE_URL to what the drivers take. The URL may hold a password, so no problem quotes it.</summary>
internal static class DatabaseUrl
{
    private const string Name = "CERTCTL_DATABASE_URL";

    // Npgsql's limit.
    private const int MaxTimeout = 1024;

    // libpq's names for what a URL may say beside host and database, and Npgsql's.
    private static readonly Dictionary<string, string> Options = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout",
        ["host"] = "Host",
    };

    private static readonly Dictionary<string, string> SslModes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["disable"] = "Disable",
        ["allow"] = "Allow",
        ["prefer"] = "Prefer",
        ["require"] = "Require",
        ["verify-ca"] = "VerifyCA",
        ["verify-full"] = "VerifyFull",
    };

    public static DatabaseOptions? Parse(string url, int maxConnections, ICollection<string> problems)
    {
        if (url.StartsWith("sqlite://", StringComparison.Ordinal))
            return Sqlite(url["sqlite://".Length..], maxConnections, problems);
        if (url.StartsWith("postgres://", StringComparison.Ordinal) || url.StartsWith("postgresql://", StringComparison.Ordinal))
            return Postgres(url, maxConnections, problems);
        problems.Add($"{Name}: begins with neither postgres:// nor sqlite://.");
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

    private static DatabaseOptions? Postgres(string url, int maxConnections, ICollection<string> problems)
    {
        // A '/', '?' or '#' in a password ends what a URL takes for the host; the rest of the password must not be quoted as an option or a name.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.AbsolutePath.Trim('/').Contains('/', StringComparison.Ordinal)
            || uri.PathAndQuery.Contains('@', StringComparison.Ordinal)
            || uri.Fragment.Length > 0)
        {
            problems.Add($"{Name}: is not of the form postgres://user:password@host:port/database; percent-encode special characters of the password.");
            return null;
        }

        var builder = new DbConnectionStringBuilder();
        if (uri.Host.Length > 0)
            builder["Host"] = uri.Host.Trim('[', ']');
        if (uri.Port > 0)
            builder["Port"] = uri.Port.ToString(CultureInfo.InvariantCulture);
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
            builder["Database"] = Uri.UnescapeDataString(database);
        if (uri.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
        {
            builder["Username"] = Uri.UnescapeDataString(user);
            if (rest is [var password])
                builder["Password"] = Uri.UnescapeDataString(password);
        }

        var before = problems.Count;
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            AddOption(builder, option, problems);
        if (!builder.ContainsKey("Host") || !builder.ContainsKey("Database"))
            problems.Add($"{Name}: names no host or no database.");
        return problems.Count > before ? null : new DatabaseOptions(DatabaseProvider.PostgreSql, new Secret(builder.ConnectionString), maxConnections);
    }

    private static void AddOption(DbConnectionStringBuilder builder, string option, ICollection<string> problems)
    {
        var (key, value) = option.Split('=', 2) is [var k, var v] ? (k, Uri.UnescapeDataString(v)) : (option, "");
        if (!Options.TryGetValue(key, out var keyword))
            problems.Add($"{Name}: option \"{key}\" is none of {string.Join(", ", Options.Keys)}.");
        else if (key.Equals("sslmode", StringComparison.OrdinalIgnoreCase) && !SslModes.TryGetValue(value, out value!))
            problems.Add($"{Name}: sslmode is none of {string.Join(", ", SslModes.Keys)}.");
        else if (key.Equals("connect_timeout", StringComparison.OrdinalIgnoreCase) && !(ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= MaxTimeout))
            problems.Add($"{Name}: connect_timeout is no number of seconds up to {MaxTimeout}.");
        else
            builder[keyword] = value;
    }
}
