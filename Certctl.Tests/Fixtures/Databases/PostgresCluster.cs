using System.Security.Cryptography;
using Npgsql;

namespace Certctl.Tests.Fixtures.Databases;

/// <summary>
/// A PostgreSQL server that a test may hang, stop, promote and replicate, which the server of the run must never suffer. Without fsync:
/// what it loses in a power cut is not the question here.
/// </summary>
internal sealed class PostgresCluster : IDisposable
{
    private const string User = "certctl";

    private readonly string _root;
    private readonly string _password;

    private PostgresCluster(string root, string password, int port) => (_root, _password, Port) = (root, password, port);

    public int Port { get; }

    private string Data => Path.Combine(_root, "data");

    public static PostgresCluster Start()
    {
        var cluster = Create();
        var passwordFile = Path.Combine(cluster._root, "password");
        File.WriteAllText(passwordFile, cluster._password);
        if (Environment.UserName == "root")
            PostgresServer.Run("chown", "-R", "postgres", cluster._root);
        PostgresServer.RunTool(
            "initdb", "--no-sync", "-D", cluster.Data, "-U", User, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C.UTF-8");
        cluster.StartServer();
        return cluster;
    }

    /// <summary>A streaming standby of this server, running.</summary>
    public PostgresCluster StartStandby()
    {
        var standby = new PostgresCluster(NewRoot(), _password, PostgresServer.FreePort());
        standby.Follow(this);
        return standby;
    }

    /// <summary>Becomes a standby of <paramref name="primary"/> at its own address, from a fresh copy.</summary>
    public void Follow(PostgresCluster primary)
    {
        if (Directory.Exists(Data))
            Directory.Delete(Data, recursive: true);
        var source = new NpgsqlConnectionStringBuilder(primary.ConnectionString("postgres"));
        PostgresServer.RunTool(
            "pg_basebackup", "--no-sync", "-c", "fast", "-R", "-X", "stream", "-D", Data, "-d",
            $"host={source.Host} port={source.Port} user={User} password={_password}");
        StartServer();
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = User,
        Password = _password,
        Database = database,
        Pooling = false,
    }.ConnectionString;

    public void StartServer() => PostgresServer.RunTool(
        "pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_root, "log"), "-o",
        $"-c listen_addresses=127.0.0.1 -p {Port} -k {_root} -c fsync=off -c max_connections=100", "start");

    /// <summary>As a crash, but with the sockets closed.</summary>
    public void Stop() => PostgresServer.RunTool("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    public void Promote() => PostgresServer.RunTool("pg_ctl", "-D", Data, "-w", "promote");

    /// <summary>SIGSTOP to the postmaster and to all its processes, or SIGCONT.</summary>
    public void Signal(string name)
    {
        var postmaster = File.ReadLines(Path.Combine(Data, "postmaster.pid")).First();
        PostgresServer.Run("sh", "-c", "kill -\"$1\" \"$2\" && pkill -\"$1\" -P \"$2\"", "sh", name, postmaster);
    }

    public async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Signal("CONT");
            Stop();
        }

        Directory.Delete(_root, recursive: true);
    }

    private static PostgresCluster Create() =>
        new(NewRoot(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), PostgresServer.FreePort());

    private static string NewRoot()
    {
        var root = Directory.CreateTempSubdirectory("certctl-pg-").FullName;
        if (Environment.UserName == "root")
            PostgresServer.Run("chown", "postgres", root);
        PostgresServer.CleanUpAfterUs(root, Path.Combine(root, "data"));
        return root;
    }
}
