using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Certctl.Tests.Fixtures.Databases;

/// <summary>
/// The PostgreSQL server of the run: the one that <c>CERTCTL_TEST_POSTGRES</c> names (with the right to create databases), else a private
/// cluster from the machine's own <c>initdb</c>, on loopback; stopped and deleted when this process has ended. Without fsync:
/// it is certctl that is killed here, and never the machine.
/// </summary>
internal static class PostgresServer
{
    private const string User = "certctl";
    private static readonly Lock AtExitLock = new();
    private static readonly Stack<Action> AtExitActions = [];
    private static readonly Lazy<string?> Tools = new(FindTools);
    private static readonly Lazy<string> Server = new(Start);

    /// <summary>Null when a server is there or can be started.</summary>
    public static string? WhyAbsent => Given is null && Tools.Value is null
        ? "CERTCTL_TEST_POSTGRES is not set, and there is no initdb in PATH or /usr/lib/postgresql/*/bin"
        : null;

    public static string ConnectionString => Server.Value;

    /// <summary>Where pg_dump and psql are; null: not here.</summary>
    public static string? ToolFolder => Tools.Value;

    private static string? Given => Environment.GetEnvironmentVariable("CERTCTL_TEST_POSTGRES") is { Length: > 0 } given ? given : null;

    /// <summary>Runs when the process ends, the last one first.</summary>
    public static void AtExit(Action action)
    {
        lock (AtExitLock)
        {
            if (AtExitActions.Count == 0)
            {
                AppDomain.CurrentDomain.ProcessExit += (_, _) =>
                {
                    while (AtExitActions.TryPop(out var next))
                        next();
                };
            }

            AtExitActions.Push(action);
        }
    }

    private static string? FindTools()
    {
        IEnumerable<string> installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(path => path.Length)
                .ThenByDescending(path => path, StringComparer.Ordinal)
                .Select(path => Path.Combine(path, "bin"))
            : [];
        var inPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return installed.Concat(inPath).FirstOrDefault(path => File.Exists(Path.Combine(path, "initdb"))
            && File.Exists(Path.Combine(path, "pg_ctl")));
    }

    private static string Start()
    {
        if (Given is { } given)
            return given;
        var root = Directory.CreateTempSubdirectory("certctl-pg-").FullName;
        var data = Path.Combine(root, "data");
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var passwordFile = Path.Combine(root, "password");
        File.WriteAllText(passwordFile, password);
        if (Environment.UserName == "root")
            Run("chown", "-R", "postgres", root);
        RunTool(
            "initdb", "--no-sync", "-D", data, "-U", User, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C.UTF-8");

        // A free port can be taken by another between asking and binding: ask again then.
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            try
            {
                RunTool(
                    "pg_ctl", "-D", data, "-w", "-l", Path.Combine(root, "log"), "-o",
                    $"-c listen_addresses=127.0.0.1 -p {port} -k {root} -c fsync=off -c max_connections=200", "start");
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                continue;
            }

            CleanUpAfterUs(root, data);
            return new NpgsqlConnectionStringBuilder
            {
                Host = "127.0.0.1",
                Port = port,
                Username = User,
                Password = password,
                Database = "postgres",
            }.ConnectionString;
        }
    }

    /// <summary>
    /// The test host is killed a moment after its last test, too soon to stop a server in ProcessExit: a shell of its own waits for that
    /// moment, however it comes.
    /// </summary>
    internal static void CleanUpAfterUs(string root, string data)
    {
        const string Script = """
            while kill -0 "$1" 2>/dev/null; do sleep 1; done
            kill -QUIT "$(head -1 "$3/postmaster.pid")"
            while [ -e "$3/postmaster.pid" ]; do sleep 0.1; done
            rm -rf "$2"
            """;
        Run(
            "sh", "-c", "setsid sh -c \"$@\" &", "sh", Script, "sh", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), root,
            data);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>PostgreSQL refuses to run as root: there it runs as postgres.</summary>
    internal static void RunTool(string tool, params string[] arguments)
    {
        var path = Path.Combine(Tools.Value!, tool);
        if (Environment.UserName == "root")
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else
            Run(path, arguments);
    }

    internal static void Run(string file, params string[] arguments)
    {
        // Its output goes to a file: a server that pg_ctl starts would keep a pipe of ours open.
        var output = Path.GetTempFileName();
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "out=$1; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null", "sh", output, file, .. arguments])
        {
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        var said = File.ReadAllText(output);
        File.Delete(output);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{Path.GetFileName(file)} {string.Join(' ', arguments)} failed: {said}");
    }
}
