using System.Diagnostics;
using System.Globalization;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>What a start of the published executable costs until it answers the first GetCACaps. ./measure.sh start runs it.</summary>
public sealed class StartCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan MaxElapsed = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxCpu = TimeSpan.FromSeconds(1.5);

    private static readonly int Runs = int.Parse(
        Environment.GetEnvironmentVariable("CERTCTL_TEST_RUNS") ?? "10", CultureInfo.InvariantCulture);

    [Theory]
    [Trait("Category", "Measure")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_takes_at_most_a_second_and_one_and_a_half_of_CPU_until_GetCACaps(bool onPostgres)
    {
        // The first start makes keys and tables; what is measured is every one after it.
        await using var host = await CertctlHost.StartAsync(onPostgres ? postgres.ConnectionString : null);
        List<(TimeSpan Elapsed, TimeSpan Cpu)> starts = [];
        for (var run = 1; run <= Runs; run++)
        {
            await host.KillAsync();
            var began = Stopwatch.GetTimestamp();
            await host.StartAgainAsync();
            using var device = host.Connect();
            await device.Http.GetStringAsync(new Uri(device.Server, "/scep?operation=GetCACaps"));
            var elapsed = Stopwatch.GetElapsedTime(began);
            starts.Add((elapsed, PrivateOperations.ProcessCpu(host.ProcessId)));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"run {run}: {elapsed.TotalSeconds:F2} s, {starts[^1].Cpu.TotalSeconds:F2} CPU s"));
        }

        var (median, cpu) = (Median(starts.Select(start => start.Elapsed)), Median(starts.Select(start => start.Cpu)));
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"median of {Runs} starts on {(onPostgres ? "PostgreSQL" : "SQLite")} "
                + $"{median.TotalSeconds:F2} s, {cpu.TotalSeconds:F2} CPU s"));
        Assert.InRange(median, TimeSpan.Zero, MaxElapsed);
        Assert.InRange(cpu, TimeSpan.Zero, MaxCpu);
    }

    private static TimeSpan Median(IEnumerable<TimeSpan> values) => values.Order().ElementAt(Runs / 2);
}
