using System.Data.Common;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>Builds the pools of PostgreSQL sessions from one connection string.</summary>
internal static class PostgresSource
{
    // A pooler or a firewall may drop an idle connection without a word; keepalives find that out, libpq's are on as well.
    private const int KeepAliveSeconds = 15;
    private const int KeepAliveInterval = 5;

    // How long what is known of a host's role is believed: enrolments resume so much later after a failover.
    private const int HostRecheckSeconds = 2;

    // Also how long a connection of a full pool is waited for. With several hosts, a silent one must leave time for the next.
    private const int MaxConnectSeconds = 15;
    private const int ConnectSecondsOfSeveral = 3;

    public static NpgsqlConnectionStringBuilder Settings(string connectionString, TimeSpan deadline)
    {
        // Npgsql's own builder does not tell a default from what was given.
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            // Statements of EF are prepared by themselves once they repeat.
            MaxAutoPrepare = 32,

            // Errors never carry the values of rows.
            IncludeErrorDetail = false,

            HostRecheckSeconds = HostRecheckSeconds,
        };
        settings.ApplicationName ??= "certctl";

        // What a request no longer waits for ends soon after; verbs give 0, for theirs wait.
        if (!given.ContainsKey("Command Timeout"))
            settings.CommandTimeout = (int)Math.Ceiling(deadline.TotalSeconds) + 1;
        if (!given.ContainsKey("Timeout"))
            settings.Timeout = HasSeveralHosts(settings)
                ? ConnectSecondsOfSeveral
                : Math.Min(MaxConnectSeconds, (int)Math.Ceiling(deadline.TotalSeconds));
        if (!given.ContainsKey("TCP Keepalive"))
            (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, KeepAliveSeconds, KeepAliveInterval);
        return settings;
    }

    /// <summary>A pool; over several hosts, of sessions to the server that can write, unless the settings ask for another.</summary>
    /// <param name="login">Knows the password, also after it was changed.</param>
    public static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, DatabaseLogin login)
    {
        var hosts = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        var target = hosts.TargetSessionAttributes is { Length: > 0 } attributes
            ? Enum.Parse<TargetSessionAttributes>(attributes.Replace("-", "", StringComparison.Ordinal), ignoreCase: true)
            : (TargetSessionAttributes?)null;
        hosts.Remove("Target Session Attributes");
        var builder = login.Builder(hosts);
        if (hosts.Pooling)
        {
            var pooler = new PoolerCheck(hosts);
            builder.UsePhysicalConnectionInitializer(static _ => { }, pooler.RunAsync);
        }

        return login.Watch(HasSeveralHosts(hosts) || target is not null
            ? builder.BuildMultiHost().WithTargetSession(target ?? TargetSessionAttributes.ReadWrite)
            : builder.Build());
    }

    private static bool HasSeveralHosts(NpgsqlConnectionStringBuilder settings) => settings.Host!.Contains(',', StringComparison.Ordinal);

    /// <summary>One query on a connection of its own, so that a full pool says nothing of the server.</summary>
    public static async Task ProbeAsync(NpgsqlDataSource unpooled, CancellationToken cancellationToken)
    {
        await using var connection = await unpooled.OpenSessionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteScalarAsync(cancellationToken);
    }
}
