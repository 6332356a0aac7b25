using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Compliance;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>
/// SIGHUP reads the <c>_FILE</c> of every secret again: what was rotated works, what it replaced does not, and a file that cannot be used
/// keeps its own secret alone.
/// </summary>
public sealed class SecretReloadTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime, IDisposable
{
    private const string Reloaded = "Reloaded the TLS certificate";
    private const string Refused = "Reload refused";
    private const string AnotherDatabase = "names another host, database, role or option";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;

    private CertctlHost Host => _host!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_rotated_challenge_is_taken_the_old_one_refused_and_the_trail_says_that_it_changed()
    {
        await StartAsync(("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge one of the tests"));
        Assert.True(await EnrolsAsync("challenge one of the tests"));

        Write("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge two of the tests\n");
        await ReloadAsync(Reloaded);
        Assert.True(await EnrolsAsync("challenge two of the tests"));
        Assert.False(await EnrolsAsync("challenge one of the tests"));

        var line = Assert.Single(await EventsAsync(1));
        Assert.Equal(("challenge", "", AuditOutcome.Done, "System"), (line.ResourceId, line.PathId, line.Outcome, line.ActorType));
        AssertTellsNothing(line, "challenge one of the tests", "challenge two of the tests");
        Assert.DoesNotContain("challenge two", Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_the_API_and_the_token_of_metrics_are_rotated()
    {
        const string Old = "0123456789abcdef0123456789abcdef";
        const string New = "fedcba9876543210fedcba9876543210";
        await StartAsync(
            ("CERTCTL_API_KEYS_NAMED_FILE", $"alice:{Old}:admin"),
            ("CERTCTL_METRICS_TOKEN_FILE", Old),
            ("CERTCTL_METRICS_ENABLED", "true"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("/api/v1/audit", Old));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("/metrics", Old));

        const string Root = "00112233445566778899aabbccddeeff";
        Write("CERTCTL_API_KEYS_NAMED_FILE", $"alice:{New}:auditor,root:{Root}:admin");
        Write("CERTCTL_METRICS_TOKEN_FILE", New);
        await ReloadAsync(Reloaded);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await AskAsync("/api/v1/audit", Old), await AskAsync("/api/v1/audit", New)));
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await AskAsync("/metrics", Old), await AskAsync("/metrics", New)));

        // One name has one role, by the keys that are in force now.
        Assert.Equal(HttpStatusCode.Conflict, await MakeKeyAsync(Root, "alice", "admin"));
        Assert.Equal(HttpStatusCode.Created, await MakeKeyAsync(Root, "alice", "auditor"));
        var lines = await EventsAsync(2);
        Assert.Equal(["api_keys", "metrics_token"], lines.Select(line => line.ResourceId).Order());
        Assert.All(lines, line => AssertTellsNothing(line, Old, New));
    }

    [Fact]
    public async Task A_bad_secret_is_named_and_keeps_itself_alone()
    {
        await StartAsync(
            ("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge one of the tests"),
            ("CERTCTL_API_KEYS_NAMED_FILE", $"alice:0123456789abcdef0123456789abcdef:admin"));
        HashSet<Guid> seen = [];
        foreach (var content in new[] { "", "short", "a challenge for you\n\n", null })
        {
            var key = $"{Guid.NewGuid():N}";
            Write("CERTCTL_API_KEYS_NAMED_FILE", $"alice:{key}:admin");
            if (content is null)
                File.Delete(PathOf("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE"));
            else
                Write("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", content);
            await ReloadAsync(Refused);

            Assert.Contains(
                "CERTCTL_SCEP_CHALLENGE_PASSWORD", Host.Log[Host.Log.LastIndexOf(Refused, StringComparison.Ordinal)..],
                StringComparison.Ordinal);
            Assert.True(await EnrolsAsync("challenge one of the tests"));
            Assert.Equal(HttpStatusCode.OK, await AskAsync("/api/v1/audit", key));
            Assert.Equal(
                [("api_keys", AuditOutcome.Done), ("challenge", AuditOutcome.Refused)],
                (await EventsAsync(seen.Count + 2)).Where(line => seen.Add(line.Id)).Select(line => (line.ResourceId, line.Outcome))
                    .Order());
        }
    }

    [Fact]
    public async Task The_previous_challenge_is_rotated_by_itself()
    {
        await StartAsync(
            ("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge two of the tests"),
            ("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS_FILE", "challenge one of the tests"));
        Assert.True(await EnrolsAsync("challenge one of the tests"));

        Write("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS_FILE", "challenge zero of the tests");
        await ReloadAsync(Reloaded);

        Assert.Equal((false, true, true), (
            await EnrolsAsync("challenge one of the tests"),
            await EnrolsAsync("challenge zero of the tests"),
            await EnrolsAsync("challenge two of the tests")));
        Assert.Equal("challenge", Assert.Single(await EventsAsync(1)).ResourceId);
    }

    [Fact]
    public async Task The_token_of_the_compliance_service_is_rotated_and_a_bad_one_leaves_a_line()
    {
        await using var service = await ComplianceStub.StartAsync("""{"compliant":true,"reason":"healthy"}""");
        await File.WriteAllTextAsync(_folder["ca.pem"], ComplianceStub.Ca.Pem);
        await StartAsync(
            ("CERTCTL_SCEP_COMPLIANCE_URL", service.Url.ToString()),
            ("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN_FILE", "the-first-token-of-the-tests"),
            ("CERTCTL_SCEP_COMPLIANCE_CA_PATH", _folder["ca.pem"]));
        Assert.True(await EnrolsAsync(Host.Challenge));

        Write("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN_FILE", "the-second-token-of-the-tests");
        await ReloadAsync(Reloaded);
        Assert.True(await EnrolsAsync(Host.Challenge));
        Write("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN_FILE", "");
        await ReloadAsync(Refused);
        Assert.True(await EnrolsAsync(Host.Challenge));

        Assert.Equal(
            ["Bearer the-first-token-of-the-tests", "Bearer the-second-token-of-the-tests", "Bearer the-second-token-of-the-tests"],
            service.Seen.Select(question => question.Headers.Authorization.ToString()));
        Assert.Equal(
            [("compliance_token", "", AuditOutcome.Done), ("compliance_token", "", AuditOutcome.Refused)],
            (await EventsAsync(2)).Select(line => (line.ResourceId, line.PathId, line.Outcome)));
    }

    [Fact]
    public async Task The_passphrase_of_keys_is_read_again_with_the_keys()
    {
        var folder = new OperatorFolder();
        await using var ended = new AtEnd(folder.DisposeAsync);
        await folder.InitializeAsync();
        var (cert, key) = TestRa.Paths(folder.Host, "tls");
        ShownCertificate.Write(folder.Host, "the first passphrase").Dispose();
        Write("CERTCTL_KEY_PASSPHRASE_FILE", "the first passphrase");
        await using var serving = await CommandLine.ServeAsync(folder.Settings(
            ("CERTCTL_SERVER_TLS_CERT_PATH", cert),
            ("CERTCTL_SERVER_TLS_KEY_PATH", key),
            ("CERTCTL_KEY_PASSPHRASE_FILE", PathOf("CERTCTL_KEY_PASSPHRASE_FILE"))));

        using var made = ShownCertificate.Write(folder.Host, "the second passphrase");
        Write("CERTCTL_KEY_PASSPHRASE_FILE", "the second passphrase");
        serving.Signal("HUP");
        Assert.Equal(
            ("tls", AuditOutcome.Done),
            Assert.Single((await folder.Host.Database.ReloadLinesAsync(1)).Select(line => (line.ResourceId, line.Outcome))));

        Assert.Equal(made.SerialNumber, await ShownCertificate.SerialAsync(serving.Port, folder.CaFile));
    }

    [Fact]
    public async Task A_secret_that_is_a_variable_is_said_to_stay_until_a_restart()
    {
        await StartAsync(("CERTCTL_SCEP_CHALLENGE_PASSWORD", "challenge one of the tests"));

        await ReloadAsync(Reloaded);

        Assert.Contains(
            "secrets that are variables of this process (CERTCTL_SCEP_CHALLENGE_PASSWORD) stay as they are until a restart",
            Host.Log,
            StringComparison.Ordinal);
        Assert.Empty(await EventsAsync(0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_password_of_the_database_is_rotated_and_one_that_it_does_not_take_is_refused(bool byRest)
    {
        if (!postgres.IsAvailable)
            return;
        var database = await postgres.CreateDatabaseAsync(migrated: true);
        var role = "rotated_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(database, $"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'the first'");
        try
        {
            string Url(string password) => PostgresFixture.UrlOf(
                new NpgsqlConnectionStringBuilder(database) { Username = role, Password = password }.ConnectionString);
            await StartAsync(("CERTCTL_DATABASE_URL_FILE", Url("the first")));
            Assert.True(await EnrolsAsync(Host.Challenge));

            // Too early: the database does not know it yet.
            Write("CERTCTL_DATABASE_URL_FILE", Url("the second"));
            await ReloadAsync(Refused, byRest);
            Assert.Contains("SQLSTATE 28P01", Host.Log, StringComparison.Ordinal);
            Assert.True(await EnrolsAsync(Host.Challenge));

            await ExecuteAsync(database, $"ALTER ROLE {role} PASSWORD 'the second'");
            await ExecuteAsync(database, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'");
            await ReloadAsync(Reloaded, byRest);
            await ReadyAsync();
            Assert.True(await EnrolsAsync(Host.Challenge));
            Assert.DoesNotContain("the second", Host.Log, StringComparison.Ordinal);
            Assert.Equal(1L, await ExecuteAsync(database, "SELECT COUNT(*) FROM audit_events WHERE action = 'configuration_reloaded' AND "
                + "resource_id = 'database_password' AND outcome = 'Done'", until: 1L));

            Write("CERTCTL_DATABASE_URL_FILE", Url("the second").Replace(role, "postgres", StringComparison.Ordinal));
            await ReloadAsync(Refused, byRest);
            Assert.Contains(AnotherDatabase, Host.Log, StringComparison.Ordinal);
            Assert.True(await EnrolsAsync(Host.Challenge));
        }
        finally
        {
            await Host.DisposeAsync();
            _host = null;
            await ExecuteAsync(database, $"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task Another_database_waits_for_a_restart()
    {
        await StartAsync(("CERTCTL_DATABASE_URL_FILE", "sqlite://" + _folder["one.db"]));

        Write("CERTCTL_DATABASE_URL_FILE", "sqlite://" + _folder["two.db"]);
        await ReloadAsync(Refused);

        Assert.Contains(AnotherDatabase, Host.Log, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["two.db"]));
        Assert.True(await EnrolsAsync(Host.Challenge));
    }

    [Theory]
    [InlineData("nohup")]
    [InlineData("sh", "-c", "trap '' HUP; exec \"$@\"", "sh")]
    public async Task A_parent_that_ignores_SIGHUP_does_not_disable_it(params string[] parent)
    {
        Write("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge one of the tests");
        _host = await CertctlHost.StartUnderAsync(
            parent, ("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", PathOf("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE")));

        Write("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "challenge two of the tests");
        await ReloadAsync(Reloaded);

        Assert.True(await EnrolsAsync("challenge two of the tests"));
    }

    private async Task StartAsync(params (string Name, string Text)[] settings)
    {
        foreach (var (name, text) in settings.Where(setting => IsFile(setting.Name)))
            Write(name, text);
        _host = await CertctlHost.StartAsync(
            null, [.. settings.Select(setting => (setting.Name, IsFile(setting.Name) ? PathOf(setting.Name) : setting.Text))]);
    }

    private static bool IsFile(string name) => name.EndsWith("_FILE", StringComparison.Ordinal);

    private string PathOf(string name) => _folder[name];

    private void Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task ReloadAsync(string says, bool byRest = false)
    {
        var before = Host.Log.Split(says).Length - 1;
        if (byRest)
            await PostReloadAsync();
        else
            await Host.SignalAsync("HUP");
        await Host.LoggedAsync(says, before);
    }

    private async Task<bool> EnrolsAsync(string challenge)
    {
        using var wire = Host.Connect();
        var device = ScepDevice.Shared();
        var reply = await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN={Guid.NewGuid()}", challenge), device)).Build());
        return reply.Status == "0";
    }

    private async Task<HttpStatusCode> AskAsync(string path, string key)
    {
        using var wire = Host.Connect();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(wire.Server, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await wire.Http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task PostReloadAsync()
    {
        using var wire = Host.Connect();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(wire.Server, "/api/v1/admin/reload"));
        var key = (await File.ReadAllTextAsync(Path.Combine(Host.Data, "api-key"))).Trim();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await wire.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<HttpStatusCode> MakeKeyAsync(string key, string name, string role)
    {
        using var wire = Host.Connect();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(wire.Server, "/api/v1/api-keys"))
        {
            Content = JsonContent.Create(new { name, role }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await wire.Http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task ReadyAsync()
    {
        using var wire = Host.Connect();
        await wire.ReadyAsync();
    }

    private Task<List<AuditEvent>> EventsAsync(int count) => Host.Database.ReloadLinesAsync(count);

    // A digest of a secret can be guessed at; not even that is told.
    private static void AssertTellsNothing(AuditEvent line, params string[] secrets)
    {
        var text = JsonSerializer.Serialize(line);
        Assert.Contains("the secret changed", text, StringComparison.Ordinal);
        Assert.All(secrets, secret =>
        {
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(
                Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))[..8], text, StringComparison.OrdinalIgnoreCase);
        });
    }

    private static async Task<object?> ExecuteAsync(string database, string sql, object? until = null)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await using var command = source.CreateCommand(sql);
            var value = await command.ExecuteScalarAsync(patience.Token);
            if (until is null || until.Equals(value))
                return value;
            await Task.Delay(50, patience.Token);
        }
    }

    private sealed class AtEnd(Func<Task> act) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await act();
    }
}
