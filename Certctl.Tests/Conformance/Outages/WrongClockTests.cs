using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Provisioning;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>Two processes on one PostgreSQL, the second under libfaketime: its clock is two hours ahead, or behind.</summary>
public sealed class WrongClockTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Ahead = 2 * 3600;
    private const int Behind = Ahead;
    private const string Admin = "admin-key-0123456789abcdef0123456789";

    [Fact]
    public async Task A_process_whose_clock_is_ahead_says_so_and_answers_a_lost_reply_like_the_others()
    {
        if (!postgres.IsAvailable || FakeTime() is not { } library)
            return;
        await using var right = await CertctlHost.StartAsync(postgres.ConnectionString, ("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin"));
        await using var wrong = await CertctlHost.StartBesideAsync(right, Clock(library, Ahead));

        using var wire = right.Connect();
        using var other = new ScepWire(wrong.Url, right.CaFile);
        var ready = JsonDocument.Parse(await other.ReadyAsync()).RootElement;
        Assert.Equal(Ahead, ready.GetProperty("clock_difference_seconds").GetDouble(), 60.0);
        Assert.Equal(
            0,
            JsonDocument.Parse(await wire.ReadyAsync()).RootElement.GetProperty("clock_difference_seconds").GetDouble(),
            4.9);

        // What caches are told goes by the clock that CRLs and OCSP answers are dated by.
        using (var published = await other.Http.GetAsync(new Uri(wrong.Url, "/.well-known/pki/ca/iss-local")))
            Assert.InRange((published.Headers.Date!.Value - DateTimeOffset.UtcNow).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));

        var settings = new Dictionary<string, string>(wrong.Settings)
        {
            ["CERTCTL_DATABASE_URL"] = right.DatabaseUrl,
            ["CERTCTL_SCEP_ENABLED"] = "true",
            ["CERTCTL_SERVER_PORT"] = "0",
        };
        var doctor = (await CommandLine.RunAsync(settings, ["doctor"])).MustSucceed();
        Assert.Matches(@"(?m)^warn  clock: this machine's clock is 7[12]\d\d s ahead of the database's", doctor.Output);

        await CheckKeyAsync(wire.Http, right.Url, other.Http, wrong.Url);

        var device = ScepDevice.Shared();
        foreach (var (first, second) in new[] { (wire, other), (other, wire) })
        {
            var csr = device.Csr($"CN=first of {first.Server.Port.ToString(CultureInfo.InvariantCulture)}", right.Challenge);
            var issued = (await first.SendAsync((await first.RequestAsync(csr, device)).Build())).Issued(device);
            Assert.Equal(issued.RawData, (await second.SendAsync((await second.RequestAsync(csr, device)).Build())).Issued(device).RawData);
        }
    }

    [Fact]
    public async Task Beside_a_process_whose_clock_is_behind_a_used_challenge_stays_used_a_key_ends_and_a_lost_reply_is_repeated()
    {
        if (!postgres.IsAvailable || FakeTime() is not { } library)
            return;
        using var folder = new TemporaryFolder();
        var connector = TestConnector.Ec();
        await File.WriteAllTextAsync(folder["connectors.pem"], connector.Pem);
        await using var right = await StartBeforeAsync(
            _ => Task.CompletedTask,
            [
                .. Intune.IntuneServers.Settings(folder["connectors.pem"]),
                ("CERTCTL_SCEP_INTUNE_CHALLENGE_VALIDITY", "24h"),
                ("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin"),
            ]);
        await using var wrong = await CertctlHost.StartBesideAsync(right, Clock(library, -Behind));
        using var wire = right.Connect();
        using var other = new ScepWire(wrong.Url, right.CaFile);
        var ready = JsonDocument.Parse(await other.ReadyAsync()).RootElement;
        Assert.Equal(-Behind, ready.GetProperty("clock_difference_seconds").GetDouble(), 60.0);

        foreach (var (first, second) in new[] { (wire, other), (other, wire) })
        {
            // Valid by both clocks.
            var token = connector.For($"device of {first.Server.Port}", claims =>
            {
                claims["iat"] = DateTimeOffset.UtcNow.AddHours(-3).ToUnixTimeSeconds();
                claims["exp"] = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
            });
            var (device, thief) = (ScepDevice.Shared(), ScepDevice.Shared(1));
            var name = $"CN=device of {first.Server.Port.ToString(CultureInfo.InvariantCulture)}";
            var message = (await first.RequestAsync(device.Csr(name, token), device)).Build();
            var issued = (await first.SendAsync(message)).Issued(device);
            (await second.SendAsync((await second.RequestAsync(thief.Csr(name, token), thief)).Build()))
                .MustFail(FailureReason.ChallengeReplayed);
            Assert.Equal(issued.RawData, (await second.SendAsync(message)).Issued(device).RawData);
        }

        await CheckKeyAsync(wire.Http, right.Url, other.Http, wrong.Url);
        await CheckKeyAsync(other.Http, wrong.Url, wire.Http, right.Url);
        var ending = await MakeKeyAsync(wire.Http, right.Url, DateTimeOffset.UtcNow.AddSeconds(5));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        foreach (var (http, url) in new[] { (wire.Http, right.Url), (other.Http, wrong.Url) })
        {
            while (await ShowKeyAsync(http, url, ending) != HttpStatusCode.Unauthorized)
                await Task.Delay(200, patience.Token);
        }
    }

    [Fact]
    public async Task Beside_a_process_whose_clock_is_behind_a_request_waits_as_long_as_its_window_and_no_less()
    {
        if (!postgres.IsAvailable || FakeTime() is not { } library)
            return;

        // A window that is shorter than the difference of the clocks.
        await using var right = await StartBeforeAsync(
            host => host.Database.RequireApprovalAsync(), [("CERTCTL_SCEP_PENDING_WINDOW", "1h")]);
        await using var wrong = await CertctlHost.StartBesideAsync(right, Clock(library, -Behind));
        using var wire = right.Connect();
        using var other = new ScepWire(wrong.Url, right.CaFile);
        var device = ScepDevice.Shared();
        foreach (var (first, second) in new[] { (wire, other), (other, wire) })
        {
            var transaction = $"parked-at-{first.Server.Port.ToString(CultureInfo.InvariantCulture)}";
            var poll = (await NamedAsync(second, [0x30, 0x00], device, transaction))
                .Replace(ForgedRequest.MessageTypeOid, Printable("20")).Build();
            (await first.SendAsync((await NamedAsync(first, device.Csr($"CN={transaction}", right.Challenge), device, transaction))
                .Build())).MustWait(transaction);
            (await second.SendAsync(poll)).MustWait(transaction);
            await using (var db = await right.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync())
                await right.Database.DecideAsync(
                    await db.Enrolments.AsNoTracking().SingleAsync(row => row.State == EnrolmentState.Pending), approved: true);
            Assert.Equal($"CN={transaction}", (await second.SendAsync(poll)).Issued(device).Subject);
        }
    }

    /// <summary>
    /// A server with the right clock whose keys and certificates were made a day before,
    /// so that one whose clock is behind takes them for valid.
    /// </summary>
    /// <param name="first">Before the start.</param>
    private async Task<CertctlHost> StartBeforeAsync(Func<CertctlHost, Task> first, (string Name, string Value)[] settings)
    {
        var host = await CertctlHost.PrepareAsync(await postgres.CreateDatabaseAsync(migrated: true), settings);
        try
        {
            Directory.Delete(host.Data, recursive: true);
            QuickstartMaterial.Ensure(host.Data, "rsa-2048", passphrase: null, new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-1)));
            await first(host);
            await host.StartAgainAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static (string Name, string Value)[] Clock(string library, int seconds) =>
    [
        ("LD_PRELOAD", library),
        ("FAKETIME", seconds.ToString("+0;-0", CultureInfo.InvariantCulture) + "s"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];

    private static async Task<ForgedRequest> NamedAsync(ScepWire wire, byte[] content, ScepDevice device, string transaction) =>
        (await wire.RequestAsync(content, device)).Replace(ForgedRequest.TransactionIdOid, Printable(transaction));

    private static byte[] Printable(string text) =>
        ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, text));

    // One that ends in an hour by the database counts for both.
    private static async Task CheckKeyAsync(HttpClient maker, Uri made, HttpClient user, Uri used)
    {
        var key = await MakeKeyAsync(maker, made, DateTimeOffset.UtcNow.AddHours(1));
        Assert.Equal(HttpStatusCode.OK, await ShowKeyAsync(user, used, key));
    }

    private static async Task<string> MakeKeyAsync(HttpClient http, Uri server, DateTimeOffset expires)
    {
        using var create = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/api/v1/api-keys"))
        {
            Content = JsonContent.Create(new { name = $"brief-{Guid.NewGuid():N}", role = "auditor", expires_at = expires }),
        };
        create.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        using var created = await http.SendAsync(create);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement.GetProperty("key").GetString()!;
    }

    private static async Task<HttpStatusCode> ShowKeyAsync(HttpClient http, Uri server, string key)
    {
        using var check = new HttpRequestMessage(HttpMethod.Get, new Uri(server, "/api/v1/auth/check"));
        check.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(check);
        return answer.StatusCode;
    }

    private string? FakeTime()
    {
        var found = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu" }.Select(
            folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
        if (found is null && Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException("libfaketime must be there in CI; ./test.sh installs it.");
        if (found is null)
            output.WriteLine("Skipped: there is no libfaketime (Debian package libfaketime).");
        return found;
    }
}
