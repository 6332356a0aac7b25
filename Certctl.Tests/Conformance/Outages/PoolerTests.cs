using System.Diagnostics;
using System.Net;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>PgBouncer itself between the server and PostgreSQL.</summary>
public sealed class PoolerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_pooler_in_transaction_mode_is_refused_at_start_with_its_remedy()
    {
        if (!postgres.IsAvailable)
            return;
        using var bouncer = new PgBouncer(postgres.ConnectionString, "transaction");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => CertctlHost.StartAsync(bouncer.ConnectionString));

        Assert.Contains(
            "use pool_mode=session for this database, or connect to PostgreSQL itself", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pooler_that_hands_its_backends_out_in_turn_is_refused_too()
    {
        if (!postgres.IsAvailable)
            return;

        // With so many at rest no two connections meet on one backend; that a connection changes its own is the proof.
        using var bouncer = new PgBouncer(postgres.ConnectionString, "transaction", "server_round_robin = 1\nmin_pool_size = 8");
        await using var client = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(bouncer.ConnectionString) { Pooling = false }.ConnectionString);
        await client.OpenAsync();
        await using var own = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Pooling = false }.ConnectionString);
        await own.OpenAsync();
        await using var backends = new NpgsqlCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", own);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((long)(await backends.ExecuteScalarAsync(patience.Token))! < 8)
            await Task.Delay(50, patience.Token);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => CertctlHost.StartAsync(bouncer.ConnectionString));

        Assert.Contains(
            "use pool_mode=session for this database, or connect to PostgreSQL itself", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pooler_in_session_mode_serves_enrolments_side_by_side()
    {
        if (!postgres.IsAvailable)
            return;
        using var bouncer = new PgBouncer(postgres.ConnectionString, "session");
        await using var host = await CertctlHost.StartAsync(bouncer.ConnectionString);
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            var (device, message) = LoadDevice.Request(ra, host.Challenge, $"pooled-{i}");
            (await wire.SendAsync(message)).Issued(device);
        }));

        await wire.ReadyAsync();
    }

    /// <summary>Debian's pgbouncer, as nobody, with a configuration of its own.</summary>
    private sealed class PgBouncer : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Process _process;

        public PgBouncer(string postgres, string mode, string more = "")
        {
            var settings = new NpgsqlConnectionStringBuilder(postgres);
            var port = PostgresServer.FreePort();
            var server = $"host={settings.Host} port={settings.Port} dbname={settings.Database}";
            File.WriteAllText(_folder["users"], $"\"{settings.Username}\" \"{settings.Password}\"\n");
            File.WriteAllText(_folder["pgbouncer.ini"], $"""
                [databases]
                {settings.Database} = {server} user={settings.Username} password={settings.Password}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = {_folder["users"]}
                pool_mode = {mode}
                default_pool_size = 30
                ignore_startup_parameters = extra_float_digits
                logfile = {_folder["log"]}
                pidfile = {_folder["pid"]}
                {more}
                """);
            PostgresServer.Run("chmod", "-R", "a+rwX", Path.GetDirectoryName(_folder["log"])!);
            string[] asUser = Environment.UserName == "root" ? ["runuser", "-u", "postgres", "--"] : [];
            string[] command = [.. asUser, "/usr/sbin/pgbouncer", _folder["pgbouncer.ini"]];
            _process = Process.Start(
                new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            _process.OutputDataReceived += (_, _) => { };
            _process.ErrorDataReceived += (_, _) => { };
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            ConnectionString = new NpgsqlConnectionStringBuilder(postgres) { Host = "127.0.0.1", Port = port }.ConnectionString;
            WaitUntilItListens(port);
        }

        public string ConnectionString { get; }

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
            _folder.Dispose();
        }

        private void WaitUntilItListens(int port)
        {
            var since = Stopwatch.StartNew();
            while (true)
            {
                using var socket = new System.Net.Sockets.TcpClient();
                try
                {
                    socket.Connect(IPAddress.Loopback, port);
                    return;
                }
                catch (System.Net.Sockets.SocketException) when (since.Elapsed < TimeSpan.FromSeconds(30) && !_process.HasExited)
                {
                    Thread.Sleep(20);
                }
            }
        }
    }
}
