using System.Data.Common;
using System.Globalization;

namespace Certctl.Api.Configuration.Database;

/// <summary>
/// libpq's connection URI: <c>postgres://user:password@host:port,host:port/database?parameter=value</c>, an IPv6 address in brackets, the
/// folder of a socket percent-encoded or as parameter <c>host</c>.
/// </summary>
internal static class PostgresUrl
{
    private const string Form = "postgres://user:password@host:port,host:port/database";
    private const ushort DefaultPort = 5432;

    /// <summary>For Npgsql; null when there is a problem.</summary>
    public static string? ConnectionString(string url, ICollection<string> problems)
    {
        var before = problems.Count;
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + "://".Length)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        var (authority, behind) = end < 0 ? (rest, "") : (rest[..end], rest[end..]);
        var (path, query) = behind.Split('?', 2) is [var p, var q] ? (p, q) : (behind, "");

        // A '/', '?' or '#' in a password ends what a URL takes for the host; the rest of the password must not be quoted as an option or
        // a name.
        if (behind.Contains('@', StringComparison.Ordinal)
            || behind.Contains('#', StringComparison.Ordinal)
            || path.Trim('/').Contains('/', StringComparison.Ordinal)
            || authority.Count(c => c == '@') > 1)
        {
            problems.Add($"{DatabaseUrl.Name}: is not of the form {Form}; percent-encode special characters of the password.");
            return null;
        }

        var builder = new DbConnectionStringBuilder();
        var at = authority.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
            AddUser(builder, authority[..at]);
        if (path.Trim('/') is { Length: > 0 } database)
            builder["Database"] = Uri.UnescapeDataString(database);
        var parameters = PostgresParameters.Read(query, problems);
        PostgresParameters.Apply(parameters, builder, problems);
        AddHosts(builder, Hosts(authority[(at + 1)..], parameters, problems), problems);
        if (problems.Count == before && (!builder.ContainsKey("Host") || !builder.ContainsKey("Database")))
            problems.Add($"{DatabaseUrl.Name}: names no host or no database.");
        return problems.Count == before ? builder.ConnectionString : null;
    }

    private static void AddUser(DbConnectionStringBuilder builder, string userInfo)
    {
        if (userInfo.Split(':', 2) is not [{ Length: > 0 } user, .. var rest])
            return;
        builder["Username"] = Uri.UnescapeDataString(user);
        if (rest is [var password])
            builder["Password"] = Uri.UnescapeDataString(password);
    }

    /// <summary>
    /// The parameters <c>host</c> and <c>port</c> stand for the URL's own, as in libpq: a list each, one port for all or one for each
    /// host.
    /// </summary>
    private static List<(string Host, string Port)> Hosts(
        string authority, Dictionary<string, string> parameters, ICollection<string> problems)
    {
        List<(string Host, string Port)> hosts = [];
        foreach (var part in authority.Split(',', StringSplitOptions.RemoveEmptyEntries))
            hosts.Add(Split(part));
        if (parameters.TryGetValue("host", out var names))
            hosts = [.. names.Split(',').Select(name => (name.Trim('[', ']'), ""))];
        if (!parameters.TryGetValue("port", out var text))
            return hosts;
        var ports = text.Split(',');
        if (ports.Length != 1 && ports.Length != hosts.Count)
            problems.Add(
                $"{DatabaseUrl.Name}: port names {ports.Length} ports for {hosts.Count} hosts; give one for all, or one for each.");
        else
            hosts = [.. hosts.Select((host, index) => (host.Host, ports[ports.Length == 1 ? 0 : index]))];
        return hosts;
    }

    private static (string Host, string Port) Split(string part)
    {
        var colon = part.LastIndexOf(':');
        var (host, port) = colon > part.LastIndexOf(']') ? (part[..colon], part[(colon + 1)..]) : (part, "");
        return (Uri.UnescapeDataString(host), port);
    }

    private static void AddHosts(DbConnectionStringBuilder builder, List<(string Host, string Port)> hosts, ICollection<string> problems)
    {
        List<(string Host, ushort Port)> read = [];
        foreach (var (name, portText) in hosts)
        {
            var host = name.StartsWith('[') && name.EndsWith(']') ? name[1..^1] : name;
            var isAddress = System.Net.IPAddress.TryParse(host, out _);
            if (host.Length == 0 || (!isAddress && host.IndexOfAny([':', '[', ']', ',', ' ']) >= 0) || (name.StartsWith('[') && !isAddress))
                problems.Add($"{DatabaseUrl.Name}: a host is neither a name, an IPv4 address, "
                    + "an IPv6 address in brackets nor the folder of a socket.");
            else if (portText.Length == 0)
                read.Add((host, DefaultPort));
            else if (ushort.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0)
                read.Add((host, port));
            else
                problems.Add($"{DatabaseUrl.Name}: a port is no number from 1 to 65535.");
        }

        if (read is [var (single, itsPort)])
            (builder["Host"], builder["Port"]) = (single, itsPort);
        else if (read.Count > 1)
            builder["Host"] = string.Join(
                ',',
                read.Select(host => $"{(host.Host.Contains(':', StringComparison.Ordinal) ? $"[{host.Host}]" : host.Host)}:{host.Port}"));
    }
}
