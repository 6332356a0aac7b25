using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Hostile;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>PostgreSQL stopped by SIGSTOP: sessions stand, connections are accepted by the kernel, nothing answers.</summary>
public sealed class HangingDatabaseTests(PostgresPair pair, ITestOutputHelper output) : IClassFixture<PostgresPair>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task No_answer_comes_later_than_the_deadline_and_afterwards_no_certificate_is_lost_or_doubled()
    {
        if (!pair.IsAvailable)
            return;
        var database = await pair.CreateDatabaseAsync();
        await using var host = await CertctlHost.StartAsync(
            pair.Primary.ConnectionString(database),
            ("CERTCTL_API_KEYS_NAMED", $"alice:{ApiServer.Admin}:admin"),
            ("CERTCTL_DATABASE_DEADLINE", "10s"));
        using var wire = host.Connect();
        var (ra, ca) = (await wire.RecipientAsync(), await wire.CaAsync());
        var devices = Enumerable.Range(0, 12).Select(i => LoadDevice.Request(ra, host.Challenge, $"hung-{i}")).ToList();
        (await wire.SendAsync(devices[0].Message)).Issued(devices[0].Device);
        var crl = (await wire.RequestAsync(ForgedRequest.IssuerAndSerial(ca), devices[0].Device))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("22")).Build();
        var forged = LoadDevice.Request(ra, "not the challenge", "forged").Message;

        pair.Primary.Signal("STOP");
        try
        {
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(
            [
                .. devices.Skip(1).Select((device, index) => UnavailableAsync($"enrolment {index}", () => wire.PostAsync(device.Message))),
                UnavailableAsync("forged", () => wire.PostAsync(forged)),
                UnavailableAsync("CRL", () => wire.PostAsync(crl), mayBeServed: true),
                UnavailableAsync("certificates", () => ApiAsync(host, wire, "/api/v1/certificates")),
                UnavailableAsync("audit", () => ApiAsync(host, wire, "/api/v1/audit")),
                UnavailableAsync("profiles", () => ApiAsync(host, wire, "/api/v1/profiles")),
                UnavailableAsync("ready", () => wire.Http.GetAsync(new Uri(host.Url, "/ready"))),
            ]);

            // One wait each, on a machine that is busy: two would be twice the deadline.
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Deadline * 1.8);

            // Known to hang: refused without any wait for the database, which would take the deadline.
            var first = watch.Elapsed;
            await UnavailableAsync("known", () => wire.PostAsync(devices[1].Message));
            await UnavailableAsync("known", () => ApiAsync(host, wire, "/api/v1/certificates"));
            Assert.InRange(watch.Elapsed - first, TimeSpan.Zero, Deadline * 0.8);
            Assert.Equal("""{"status":"healthy"}""", await wire.Http.GetStringAsync(new Uri(host.Url, "/health")));
        }
        finally
        {
            pair.Primary.Signal("CONT");
        }

        var recovery = Stopwatch.StartNew();
        await wire.ReadyAsync();
        output.WriteLine($"ready {recovery.Elapsed.TotalSeconds:0.00} s after SIGCONT");
        foreach (var (device, message) in devices)
            (await wire.SendAsync(message)).Issued(device);
        (await wire.SendAsync(forged)).MustFail("2");
        Assert.Equal(
            devices.Count,
            await new RowCounter(pair.Primary.ConnectionString(database), "").CountAsync("SELECT COUNT(*) FROM certificates"));
    }

    /// <param name="mayBeServed">It needs the database for its time alone, which is asked for every ten seconds.</param>
    private async Task UnavailableAsync(string what, Func<Task<HttpResponseMessage>> ask, bool mayBeServed = false)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await ask();
        output.WriteLine($"{what}: {(int)answer.StatusCode} after {watch.Elapsed.TotalSeconds:0.00} s");
        if (mayBeServed && answer.StatusCode == HttpStatusCode.OK)
            return;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        if (what != "ready")
            Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static async Task<HttpResponseMessage> ApiAsync(CertctlHost host, ScepWire wire, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
        return await wire.Http.SendAsync(request);
    }
}
