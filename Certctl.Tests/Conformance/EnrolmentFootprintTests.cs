using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Measure;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance;

/// <summary>
/// The guard against regressions of an enrolment's cost on machines that others share: octets allocated, which no neighbour changes, and
/// CPU time as a multiple of a reference measured in between. Without tiered compilation,
/// so that the code is the same from the first request to the last.
/// </summary>
public sealed class EnrolmentFootprintTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const string Allocated = "dotnet_gc_heap_total_allocated_bytes_total";
    private const int Keys = 16;
    private const int WarmUp = 64;
    private const int Slices = 4;
    private const int SliceSize = 48;

    private const double Band = 0.1;

    // Without tiered compilation, and with caches that other processes use too: 3.5 to 5.5 seen on a busy machine.
    private const double MaxMultiple = 9;

    // Nothing measured is nearly 0. A reference that shares its core with a neighbour is dearer than it should be: 0.99 was seen.
    private const double MinMultiple = 0.3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(false, 80_300)]
    [InlineData(true, 69_000)]
    public async Task An_enrolment_allocates_what_it_did_and_its_CPU_time_is_in_proportion(bool onPostgres, int octets)
    {
        if (onPostgres && !postgres.IsAvailable)
            return;
        await using var host = await CertctlHost.StartAsync(
            onPostgres ? postgres.ConnectionString : null, ("CERTCTL_METRICS_ENABLED", "true"), ("DOTNET_TieredCompilation", "0"));
        using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(host.Data, "ra.crt")));
        var messages = EnrolmentLoad.Messages(ra, host.Challenge, Keys, WarmUp + (Slices * SliceSize));
        using var load = EnrolmentLoad.OfScep(host.Url, host.CaFile, connections: 1);
        using var metrics = host.Connect();
        await load.SendAsync(messages[..WarmUp]);
        var bytes = await AllocatedAsync(metrics, before: 0);

        // The lowest of a few slices: what else the process does (sweeps, gauges) only adds, and not to all of them.
        List<(double Bytes, double Multiple)> slices = [];
        foreach (var slice in messages[WarmUp..].Chunk(SliceSize))
        {
            var reference = PrivateOperations.Measure(60);
            var cpu = PrivateOperations.ProcessCpu(host.ProcessId);
            await load.SendAsync(slice);
            var spent = PrivateOperations.ProcessCpu(host.ProcessId) - cpu;
            var after = await AllocatedAsync(metrics, bytes);
            slices.Add(((after - bytes) / SliceSize, spent / SliceSize / reference));
            bytes = after;
        }

        output.WriteLine(string.Join(
            "; ",
            slices.Select(slice => string.Create(CultureInfo.InvariantCulture, $"{slice.Bytes:F0} octets, multiple {slice.Multiple:F2}"))));
        Assert.InRange(slices.Min(slice => slice.Bytes), octets * (1 - Band), octets * (1 + Band));
        Assert.InRange(slices.Min(slice => slice.Multiple), MinMultiple, MaxMultiple);
    }

    // The exporter repeats an answer that is younger than 300 ms: asked until it is another one.
    private static async Task<double> AllocatedAsync(ScepWire server, double before)
    {
        using var bound = new CancellationTokenSource(Patience);
        while (true)
        {
            var text = await server.Http.GetStringAsync(new Uri(server.Server, "/metrics"), bound.Token);
            var line = text.Split('\n').Single(line => line.StartsWith(Allocated, StringComparison.Ordinal));
            var now = double.Parse(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split(' ')[0], CultureInfo.InvariantCulture);
            if (now > before)
                return now;
            await Task.Delay(20, bound.Token);
        }
    }
}
