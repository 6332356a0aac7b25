using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Measure;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance;

/// <summary>
/// The guard against regressions of an enrolment's cost on machines that others share: octets allocated, which no neighbour changes, and CPU time as a multiple of a
/// reference measured in between. Without tiered compilation, so that the code is the same from the first request to the last.
/// </summary>
public sealed class EnrolmentFootprintTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const string Allocated = "dotnet_gc_heap_total_allocated_bytes_total";
    private const int Keys = 16;
    private const int WarmUp = 64;
    private const int Slices = 4;
    private const int SliceSize = 48;

    // Thirty processes on two cores changed the lowest slice by less than 3 %.
    private const double Band = 0.1;

    // Three on a quiet machine; caches that thirty processes share made six of it.
    private const double MaxMultiple = 9;

    [Theory]
    [InlineData(false, 76_800)]
    [InlineData(true, 65_600)]
    public async Task An_enrolment_allocates_what_it_did_and_its_CPU_time_is_in_proportion(bool onPostgres, int octets)
    {
        if (onPostgres && !postgres.IsAvailable)
            return;
        await using var host = await CertctlHost.StartAsync(
            onPostgres ? postgres.ConnectionString : null, ("CERTCTL_METRICS_ENABLED", "true"), ("DOTNET_TieredCompilation", "0"));
        using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(host.Data, "ra.crt")));
        var messages = EnrolmentLoad.Messages(ra, host.Challenge, Keys, WarmUp + (Slices * SliceSize));
        using var load = new EnrolmentLoad(host.Url, host.CaFile, connections: 1);
        using var metrics = host.Connect();
        await load.SendAsync(messages[..WarmUp]);
        await AllocatedAsync(metrics);

        // The lowest of a few slices: what else the process does (sweeps, gauges) only adds, and not to all of them.
        List<(double Bytes, double Multiple)> slices = [];
        foreach (var slice in messages[WarmUp..].Chunk(SliceSize))
        {
            var reference = PrivateOperations.Measure(60);
            var (bytes, cpu) = (await AllocatedAsync(metrics), PrivateOperations.ProcessCpu(host.ProcessId));
            await load.SendAsync(slice);
            slices.Add(((await AllocatedAsync(metrics) - bytes) / SliceSize, (PrivateOperations.ProcessCpu(host.ProcessId) - cpu) / SliceSize / reference));
        }

        output.WriteLine(string.Join("; ", slices.Select(slice => string.Create(CultureInfo.InvariantCulture, $"{slice.Bytes:F0} octets, multiple {slice.Multiple:F2}"))));
        Assert.InRange(slices.Min(slice => slice.Bytes), octets * (1 - Band), octets * (1 + Band));
        Assert.InRange(slices.Min(slice => slice.Multiple), 1, MaxMultiple);
    }

    private static async Task<double> AllocatedAsync(ScepWire server)
    {
        var text = await server.Http.GetStringAsync(new Uri(server.Server, "/metrics"));
        var line = text.Split('\n').Single(line => line.StartsWith(Allocated, StringComparison.Ordinal));
        return double.Parse(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
