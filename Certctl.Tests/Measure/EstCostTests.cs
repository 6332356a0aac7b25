using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What an enrolment by EST (simpleenroll, HTTP Basic) costs the server, as a multiple of the one RSA-2048 private operation in it, with
/// SCEP's in turn on the same server. ./measure.sh est runs it.
/// </summary>
public sealed class EstCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Keys = 64;
    private const int Slices = 8;
    private const int Connections = 16;
    private const double MaxMultiple = 1.8;

    private static readonly int Runs = EnrolmentCostTests.Number("CERTCTL_TEST_RUNS", 3);
    private static readonly int Measured = EnrolmentCostTests.Number("CERTCTL_TEST_ENROLMENTS", 4000);

    [Fact]
    [Trait("Category", "Measure")]
    public async Task An_enrolment_by_EST_costs_at_most_1_8_times_its_private_key_operation()
    {
        using var folder = new TemporaryFolder();
        List<double> multiples = [];
        for (var run = 1; run <= Runs; run++)
            multiples.Add(await MeasureAsync(run, folder.Path));
        var median = multiples.Order().ElementAt(multiples.Count / 2);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"median of {Runs} processes {median:F2}, from {multiples.Min():F2} to {multiples.Max():F2}"));
        Assert.True(median <= MaxMultiple, $"{median:F2} is not below {MaxMultiple}");
    }

    private async Task<double> MeasureAsync(int run, string data)
    {
        await using var server =
            await MeasuredServer.StartAsync(data, PostgresFixture.UrlOf(await postgres.CreateDatabaseAsync(migrated: true)));
        using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(data, "ra.crt")));
        using var est = EnrolmentLoad.OfEst(server.Url, server.CaFile, Connections, server.Challenge);
        using var scep = EnrolmentLoad.OfScep(server.Url, server.CaFile, Connections);
        var requests = EnrolmentLoad.Requests(Keys, 4 * Measured);
        var messages = EnrolmentLoad.Messages(ra, server.Challenge, Keys, 2 * Measured);

        // What the runtime learns about hot code has settled after some 8000 requests.
        await est.SendAsync(requests[..(3 * Measured)]);
        await scep.SendAsync(messages[..Measured]);

        // In turn, and the reference with each: the machine changes its pace from one minute to the next.
        TimeSpan ofEst = default, ofScep = default, one = default, elapsed = default;
        foreach (var (requestSlice, messageSlice) in requests[(3 * Measured)..].Chunk(Measured / Slices)
            .Zip(messages[Measured..].Chunk(Measured / Slices)))
        {
            one += PrivateOperations.MeasureSignature(300) / Slices;
            var started = Stopwatch.GetTimestamp();
            ofEst += await server.CpuOfAsync(() => est.SendAsync(requestSlice)) / Measured;
            elapsed += Stopwatch.GetElapsedTime(started);
            ofScep += await server.CpuOfAsync(() => scep.SendAsync(messageSlice)) / Measured;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"run {run}: ratio {ofEst / one:F2}, EST {ofEst.TotalMilliseconds:F3} ms, SCEP {ofScep.TotalMilliseconds:F3} ms, one private "
            + $"operation {one.TotalMilliseconds:F3} ms, {Measured / elapsed.TotalSeconds:F0} EST enrolments/s, "
            + $"{server.MemoryInMegabytes} MB"));
        return ofEst / one;
    }
}
