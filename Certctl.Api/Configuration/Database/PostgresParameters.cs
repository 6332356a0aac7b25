using System.Data.Common;
using System.Globalization;

namespace Certctl.Api.Configuration.Database;

/// <summary>
/// Every parameter of a libpq connection URI: what becomes of it, or why it is refused. No value is quoted in a problem: one in the wrong
/// place may be a password.
/// </summary>
internal static class PostgresParameters
{
    // Npgsql's limit.
    private const int MaxTimeout = 1024;

    private static readonly Dictionary<string, string> Modes =
        new(StringComparer.Ordinal) { ["disable"] = "Disable", ["prefer"] = "Prefer", ["require"] = "Require" };

    /// <summary>A parameter whose value goes to Npgsql as it is.</summary>
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["dbname"] = "Database",
        ["user"] = "Username",
        ["password"] = "Password",
        ["passfile"] = "Passfile",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["krbsrvname"] = "Kerberos Service Name",
        ["application_name"] = "Application Name",
        ["options"] = "Options",
    };

    /// <summary>A parameter that takes one of a few words, and Npgsql's words for them; empty: nothing need be said.</summary>
    private static readonly Dictionary<string, (string Keyword, Dictionary<string, string> Words)> Choices = new(StringComparer.Ordinal)
    {
        ["sslmode"] = (
            "SSL Mode",
            new(Modes, StringComparer.Ordinal) { ["allow"] = "Allow", ["verify-ca"] = "VerifyCA", ["verify-full"] = "VerifyFull" }),
        ["ssl"] = ("SSL Mode", new(StringComparer.Ordinal) { ["true"] = "Require" }),
        ["sslnegotiation"] = ("SSL Negotiation", new(StringComparer.Ordinal) { ["postgres"] = "Postgres", ["direct"] = "Direct" }),
        ["sslcompression"] = ("", new(StringComparer.Ordinal) { ["0"] = "" }),
        ["sslsni"] = ("", new(StringComparer.Ordinal) { ["1"] = "" }),
        ["gssencmode"] = ("GSS Encryption Mode", Modes),
        ["channel_binding"] = ("Channel Binding", Modes),
        ["keepalives"] = ("TCP Keepalive", new(StringComparer.Ordinal) { ["0"] = "false", ["1"] = "true" }),
        ["client_encoding"] = ("", new(StringComparer.OrdinalIgnoreCase) { ["UTF8"] = "", ["UTF-8"] = "", ["auto"] = "" }),
        ["load_balance_hosts"] = ("Load Balance Hosts", new(StringComparer.Ordinal) { ["disable"] = "false", ["random"] = "true" }),
        ["target_session_attrs"] = (
            "Target Session Attributes",
            new(StringComparer.Ordinal) { ["any"] = "any", ["read-write"] = "read-write", ["primary"] = "primary" }),
    };

    private static readonly Dictionary<string, (string Keyword, int Min, int Max)> Seconds = new(StringComparer.Ordinal)
    {
        ["connect_timeout"] = ("Timeout", 0, MaxTimeout),
        ["keepalives_idle"] = ("TCP Keepalive Time", 1, short.MaxValue),
        ["keepalives_interval"] = ("TCP Keepalive Interval", 1, short.MaxValue),
    };

    /// <summary>
    /// Parameters that libpq knows and the driver cannot honour: an option that is silently without effect would be worse.
    /// </summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["hostaddr"] = "is not supported; write the address as the host",
        ["service"] = "is not supported; write out what pg_service.conf says",
        ["servicefile"] = "is not supported; write out what pg_service.conf says",
        ["requiressl"] = "is obsolete; use sslmode=require",
        ["replication"] = "is not supported: Certctl opens no replication connection",
        ["keepalives_count"] = "is not supported by the driver; set net.ipv4.tcp_keepalive_probes",
        ["tcp_user_timeout"] = "is not supported by the driver; keepalives_idle and CERTCTL_DATABASE_DEADLINE bound a silent connection",
        ["sslcrl"] = "is not supported by the driver",
        ["sslcrldir"] = "is not supported by the driver",
        ["sslcertmode"] = "is not supported by the driver; a client certificate is sent where sslcert is given and the server asks for one",
        ["sslkeylogfile"] = "is not supported: keys of a session are never written to a file",
        ["ssl_min_protocol_version"] = "is not supported by the driver; the system's OpenSSL configuration decides (MinProtocol)",
        ["ssl_max_protocol_version"] = "is not supported by the driver; the system's OpenSSL configuration decides (MaxProtocol)",
        ["min_protocol_version"] = "is not supported by the driver, which speaks protocol 3.0",
        ["max_protocol_version"] = "is not supported by the driver, which speaks protocol 3.0",
        ["requirepeer"] = "is not supported by the driver",
        ["gsslib"] = "is not supported by the driver",
        ["gssdelegation"] = "is not supported by the driver",
        ["scram_client_key"] = "is not supported by the driver; give the password",
        ["scram_server_key"] = "is not supported by the driver; give the password",
        ["oauth_issuer"] = "is not supported by the driver",
        ["oauth_client_id"] = "is not supported by the driver",
        ["oauth_client_secret"] = "is not supported by the driver",
        ["oauth_scope"] = "is not supported by the driver",
    };

    private static readonly Dictionary<string, string> Authentications = new(StringComparer.Ordinal)
    {
        ["password"] = "Password",
        ["md5"] = "MD5",
        ["gss"] = "GSS",
        ["sspi"] = "SSPI",
        ["scram-sha-256"] = "ScramSHA256",
        ["none"] = "None",
    };

    private static readonly string[] Special = ["host", "port", "sslrootcert", "fallback_application_name", "require_auth"];

    /// <summary>Those that are honoured, for the documentation.</summary>
    public static IEnumerable<string> Honoured =>
        [.. Texts.Keys.Concat(Choices.Keys).Concat(Seconds.Keys).Concat(Special).Order(StringComparer.Ordinal)];

    /// <summary>Splits the query; unknown, refused and repeated parameters are problems.</summary>
    public static Dictionary<string, string> Read(string query, ICollection<string> problems)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var option in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = option.Split('=', 2) is [var k, var v]
                ? (Uri.UnescapeDataString(k), Uri.UnescapeDataString(v))
                : (option, "");
            if (Refused.TryGetValue(key, out var why))
                problems.Add($"{DatabaseUrl.Name}: parameter {key} {why}.");
            else if (!Honoured.Contains(key))
                problems.Add(Unknown(key));
            else if (value.Length == 0)
                problems.Add($"{DatabaseUrl.Name}: parameter {key} has no value.");
            else if (!read.TryAdd(key, value))
                problems.Add($"{DatabaseUrl.Name}: parameter {key} is given twice.");
        }

        return read;
    }

    /// <summary>Everything but host and port, which the caller reads together with the URL's own.</summary>
    public static void Apply(Dictionary<string, string> parameters, DbConnectionStringBuilder builder, ICollection<string> problems)
    {
        foreach (var (key, value) in parameters)
        {
            if (Texts.TryGetValue(key, out var text))
                builder[text] = value;
            else if (Choices.TryGetValue(key, out var choice))
                Choose(key, value, choice.Keyword, choice.Words, builder, problems);
            else if (Seconds.TryGetValue(key, out var bounds))
                Count(key, value, bounds, builder, problems);
        }

        if (parameters.TryGetValue("require_auth", out var methods))
        {
            var words = methods.Split(',').Select(method => method.StartsWith('!')
                ? "!" + Authentications.GetValueOrDefault(method[1..]) : Authentications.GetValueOrDefault(method) ?? "").ToList();
            if (words.TrueForAll(word => word.Length > 1))
                builder["Require Auth"] = string.Join(',', words);
            else
                problems.Add($"{DatabaseUrl.Name}: require_auth lists methods of {string.Join(", ", Authentications.Keys)}, "
                    + "each with or without a leading !.");
        }

        // "system" is what the driver does where no file is named.
        if (parameters.TryGetValue("sslrootcert", out var root) && root != "system")
            builder["Root Certificate"] = root;
        if (parameters.TryGetValue("fallback_application_name", out var fallback) && !parameters.ContainsKey("application_name"))
            builder["Application Name"] = fallback;
    }

    private static void Choose(
        string key,
        string value,
        string keyword,
        Dictionary<string, string> words,
        DbConnectionStringBuilder builder,
        ICollection<string> problems)
    {
        if (!words.TryGetValue(value, out var word))
            problems.Add($"{DatabaseUrl.Name}: {key} is none of {string.Join(", ", words.Keys)}{Why(key)}.");
        else if (keyword.Length > 0)
            builder[keyword] = word;
    }

    private static string Why(string key) => key switch
    {
        "target_session_attrs" => ": Certctl writes to its database, so a standby or a read-only session is of no use",
        "client_encoding" => ": text is stored and read as UTF-8",
        "sslcompression" => ": TLS compression is not offered",
        "sslsni" => ": the driver always sends the server's name",
        _ => "",
    };

    private static void Count(
        string key,
        string value,
        (string Keyword, int Min, int Max) bounds,
        DbConnectionStringBuilder builder,
        ICollection<string> problems)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds >= bounds.Min && seconds <= bounds.Max)
            builder[bounds.Keyword] = seconds;
        else
            problems.Add($"{DatabaseUrl.Name}: {key} is no number of seconds from {bounds.Min} to {bounds.Max}.");
    }

    // What does not look like a parameter's name may be a piece of a password.
    private static string Unknown(string key)
    {
        if (key.Length > 40 || !key.All(c => char.IsAsciiLetterLower(c) || c == '_'))
            return $"{DatabaseUrl.Name}: holds a parameter that PostgreSQL does not know.";
        var near = NearestName.Of(key, Honoured.Concat(Refused.Keys));
        return $"{DatabaseUrl.Name}: PostgreSQL has no parameter "
            + $"{key}{(near is null ? "" : $"; did you mean {near}?")}{(near is null ? "." : "")}";
    }
}
