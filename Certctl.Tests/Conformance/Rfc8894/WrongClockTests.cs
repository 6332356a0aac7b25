using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>Two processes on one PostgreSQL, the second under libfaketime: its clock is two hours ahead.</summary>
public sealed class WrongClockTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Ahead = 2 * 3600;
    private const string Admin = "admin-key-0123456789abcdef0123456789";

    [Fact]
    public async Task A_process_whose_clock_is_ahead_says_so_and_answers_a_lost_reply_like_the_others()
    {
        if (!postgres.IsAvailable || FakeTime() is not { } library)
            return;
        await using var right = await CertctlHost.StartAsync(postgres.ConnectionString, ("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin"));
        (string, string)[] ahead = [("LD_PRELOAD", library), ("FAKETIME", $"+{Ahead}s"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1")];
        await using var wrong = await CertctlHost.StartBesideAsync(right, ahead);

        using var wire = right.Connect();
        using var other = new ScepWire(wrong.Url, right.CaFile);
        var ready = JsonDocument.Parse(await other.Http.GetStringAsync(new Uri(wrong.Url, "/ready"))).RootElement;
        Assert.Equal(Ahead, ready.GetProperty("clock_difference_seconds").GetDouble(), 60.0);
        Assert.Equal(0, JsonDocument.Parse(await wire.Http.GetStringAsync(new Uri(right.Url, "/ready"))).RootElement.GetProperty("clock_difference_seconds").GetDouble(), 4.9);

        var settings = new Dictionary<string, string>(wrong.Settings) { ["CERTCTL_DATABASE_URL"] = right.DatabaseUrl, ["CERTCTL_SCEP_ENABLED"] = "true", ["CERTCTL_SERVER_PORT"] = "0" };
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

    // One that ends in an hour by the database counts for both.
    private static async Task CheckKeyAsync(HttpClient maker, Uri made, HttpClient user, Uri used)
    {
        using var create = new HttpRequestMessage(HttpMethod.Post, new Uri(made, "/api/v1/api-keys"))
        {
            Content = JsonContent.Create(new { name = "brief", role = "auditor", expires_at = DateTimeOffset.UtcNow.AddHours(1) }),
        };
        create.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        using var created = await maker.SendAsync(create);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var key = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement.GetProperty("key").GetString();
        using var check = new HttpRequestMessage(HttpMethod.Get, new Uri(used, "/api/v1/auth/check"));
        check.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await user.SendAsync(check);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private string? FakeTime()
    {
        var found = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu" }.Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
        if (found is null && Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException("libfaketime must be there in CI; ./test.sh installs it.");
        if (found is null)
            output.WriteLine("Skipped: there is no libfaketime (Debian package libfaketime).");
        return found;
    }
}
