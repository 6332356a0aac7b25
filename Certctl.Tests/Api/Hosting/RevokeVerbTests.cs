using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Certctl.Tests.Infrastructure.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary><c>certctl revoke</c> and <c>certctl revoke release</c> on a database without a server.</summary>
public sealed class RevokeVerbTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    private const string Serial = "00000000000a0bcdef0123456789abcdef012345";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_is_held_released_and_revoked_for_good_and_the_trail_says_by_whom(bool onPostgres)
    {
        if (await OpenAsync(onPostgres) is not { } database)
            return;
        await using var _ = database;
        await database.IssueAsync(Serial);

        Assert.Equal($"{Serial} revoked (CertificateHold).\n", (await database.RunProcessAsync(
            "--serial", "0A:0B:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45", "--hold", "--note", "lost?", "--actor", "olga"))
            .MustSucceed().Output);
        Assert.Equal(RevocationReason.CertificateHold, (await database.FindAsync(Serial)).RevocationReason);
        var released = await database.RunAsync("release", "--serial", $"0x{Serial.TrimStart('0')}");
        Assert.Equal($"{Serial} released.\n", released.MustSucceed().Output);
        Assert.False((await database.FindAsync(Serial)).IsRevoked);
        Refuses(await database.RunAsync("release", "--serial", Serial), 1, "It is not on hold: it is not revoked.");

        (await database.RunAsync("--serial", Serial.ToUpperInvariant(), "--reason", "keyCompromise")).MustSucceed();
        Assert.Equal(RevocationReason.KeyCompromise, (await database.FindAsync(Serial)).RevocationReason);
        Refuses(await database.RunAsync("release", "--serial", Serial), 1, "it was revoked for good (KeyCompromise)");
        Refuses(await database.RunAsync("--serial", Serial, "--hold"), 1, "It has been revoked before: KeyCompromise");

        foreach (var (action, detail, actor) in new[]
        {
            ("certificate_revoked", $"command line, for {Environment.UserName}: CertificateHold: lost?", "olga"),
            ("certificate_released", "command line: hold ended", Environment.UserName),
            ("certificate_revoked", "command line: KeyCompromise", Environment.UserName),
        })
        {
            Assert.Equal(1, await database.CountAsync(
                $"SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND detail = '{detail}' AND actor = '{actor}' "
                + $"AND serial_number = '{Serial}'"));
        }
    }

    [Fact]
    public async Task Many_are_revoked_by_a_job_whose_progress_is_shown_and_a_criterion_without_a_value_widens_nothing()
    {
        await using var database = (await OpenAsync(onPostgres: false))!;
        var (one, two) = (await database.IssueAsync(null), await database.IssueAsync(null));
        (await database.RunAsync("--serial", two, "--reason", "keyCompromise")).MustSucceed();
        foreach (var option in new[] { "--profile", "--path", "--source", "--issuer" })
            Refuses(await database.RunAsync(option, "", "--reason", "superseded"), 2, $"{option} needs a value");
        Refuses(await database.RunAsync("--serial", one, "--path", "corp"), 2, "--path is for many certificates");
        Refuses(await database.RunAsync("--dry-run"), 2, "--serial");
        Refuses(await database.RunAsync("--profile", "nowhere"), 1, "There is no certificate profile nowhere.");
        Assert.Equal(
            "1 of 2 certificates would be revoked; 1 have ended or are revoked.\n",
            (await database.RunAsync("--path", "corp", "--profile", "default", "--dry-run")).MustSucceed().Output);
        Assert.False((await database.FindAsync(one)).IsRevoked);

        var waiting = database.RunAsync("--path", "corp", "--reason", "cessationOfOperation", "--wait", "--note", "closed");
        await database.RunJobAsync();
        Assert.Matches(
            @"^Job [0-9a-f-]{36}: 2 certificates are looked at by a running server\.\n(Running: .*\n)*Done: 1 of 2 revoked, 1 skipped\.\n$",
            (await waiting).MustSucceed().Output);
        Assert.Equal(RevocationReason.CessationOfOperation, (await database.FindAsync(one)).RevocationReason);
        Assert.Equal(RevocationReason.KeyCompromise, (await database.FindAsync(two)).RevocationReason);
    }

    [Fact]
    public async Task Each_reason_of_the_API_is_taken_and_no_other()
    {
        await using var database = (await OpenAsync(onPostgres: false))!;
        foreach (var (word, reason) in new[]
        {
            ("unspecified", RevocationReason.Unspecified), ("cACompromise", RevocationReason.CaCompromise),
            ("caCompromise", RevocationReason.CaCompromise), ("certificateHold", RevocationReason.CertificateHold),
            ("privilegeWithdrawn", RevocationReason.PrivilegeWithdrawn),
        })
        {
            var serial = await database.IssueAsync(null);
            (await database.RunAsync("--serial", serial, "--reason", word)).MustSucceed();
            Assert.Equal(reason, (await database.FindAsync(serial)).RevocationReason);
        }

        var plain = await database.IssueAsync(null);
        (await database.RunAsync("--serial", plain)).MustSucceed();
        Assert.Equal(RevocationReason.Unspecified, (await database.FindAsync(plain)).RevocationReason);
        var early = await database.IssueAsync(null);
        (await database.RunAsync("--serial", early, "--reason", "keyCompromise", "--invalid-since", "2024-02-29T08:15Z")).MustSucceed();
        Assert.Equal(new DateTimeOffset(2024, 2, 29, 8, 15, 0, TimeSpan.Zero), (await database.FindAsync(early)).InvalidSince);
        var untouched = await database.IssueAsync(null);
        Refuses(await database.RunAsync("--serial", untouched, "--invalid-since", "yesterday"), 2, "--invalid-since is no time");
        Refuses(await database.RunAsync("--serial", untouched, "--invalid-since", "2126-02-28"), 1, "it has not come yet");
        foreach (var word in new[] { "removeFromCRL", "KeyCompromise", "aACompromise", "1", "" })
            Refuses(await database.RunAsync("--serial", untouched, "--reason", word), 2, "--reason is one of ");
        Refuses(
            await database.RunAsync("--serial", untouched, "--reason", "superseded", "--hold"), 2, "--hold is the reason certificateHold");
        Refuses(await database.RunAsync("release", "--serial", untouched, "--hold"), 2, "--hold");
        Refuses(await database.RunAsync("--reason", "superseded", "release", "--serial", untouched), 2, "release takes no --reason");
        Refuses(await database.RunAsync("--hold", "--wait", "release", "--serial", untouched), 2, "release takes no --wait");
        Refuses(await database.RunAsync("--serial", "no-number"), 2, "is no serial number");
        Refuses(await database.RunAsync("--reason", "superseded"), 2, "--serial");
        Refuses(await database.RunAsync("release"), 2, "--serial");
        Refuses(await database.RunAsync("--serial", untouched, "--note", new string('x', 1001)), 1, "note:");
        Refuses(await database.RunAsync("--serial", untouched, "--actor", "system"), 2, "--actor must not be");
        Refuses(
            await database.RunAsync("--serial", untouched, "--issuer", "iss-other"), 1,
            $"There is no certificate of iss-other with the serial number {untouched}.");
        Refuses(await database.RunAsync("--serial", "0b"), 1, "There is no certificate of iss-local with the serial number 0");
        Assert.False((await database.FindAsync(untouched)).IsRevoked);
    }

    private static void Refuses(ToolRun run, int code, string why)
    {
        Assert.True(run.ExitCode == code, run.All);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    private async Task<Database?> OpenAsync(bool onPostgres)
    {
        if (onPostgres && !postgres.IsAvailable)
            return null;
        var file = _folder["certctl.db"];
        if (!onPostgres)
            await ReadyMadeData.CopyDatabaseAsync(file);
        return new Database(onPostgres ? postgres.ConnectionString : null, file);
    }

    private sealed class Database(string? connection, string file) : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System)
            .AddCertctlPersistence(
                connection is null ? DatabaseKind.Sqlite : DatabaseKind.PostgreSql, connection ?? $"Data Source={file}", 4)
            .BuildServiceProvider();

        public ValueTask DisposeAsync() => _services.DisposeAsync();

        /// <summary>Its serial number.</summary>
        public async Task<string> IssueAsync(string? serial)
        {
            var entry = TestEntries.Issued(DateTimeOffset.UtcNow, serialNumber: serial);
            Assert.IsType<JournalVerdict.Committed>(await _services.GetRequiredService<IEnrolmentJournal>().CommitAsync(entry, default));
            return entry.Certificate!.SerialNumber;
        }

        public async Task<IssuedCertificate> FindAsync(string serial) =>
            (await _services.GetRequiredService<ICertificateInventory>().FindAsync("iss-local", serial, default))!;

        /// <summary>As a server does.</summary>
        public async Task RunJobAsync()
        {
            var runner = new JobRunner(_services.GetRequiredService<IJobStore>(), JobTimes.Default, TimeProvider.System);
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
            while (await runner.LookAsync(patience.Token) == 0)
                await Task.Delay(20, patience.Token);
        }

        public Task<long> CountAsync(string sql) => new RowCounter(connection, file).CountAsync(sql);

        public Task<ToolRun> RunAsync(params string[] arguments) => CommandLine.RunHereAsync(Settings, ["revoke", .. arguments]);

        public Task<ToolRun> RunProcessAsync(params string[] arguments) => CommandLine.RunAsync(Settings, ["revoke", .. arguments]);

        private Dictionary<string, string> Settings => new()
        {
            ["CERTCTL_DATABASE_URL"] = connection is null ? $"sqlite://{file}" : PostgresFixture.UrlOf(connection),
        };
    }
}
