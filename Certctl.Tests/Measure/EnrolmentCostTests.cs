using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What an enrolment costs the server, as a multiple of the three RSA-2048 private operations in it (RA decrypts, CA signs, RA signs), both
/// measured in one run; and how far runs in fresh processes differ. ./measure.sh runs it; the test suite leaves it out, because a busy
/// machine would decide about it.
/// </summary>
public sealed class EnrolmentCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Keys = 64;
    private const int WarmUpRounds = 4;
    private const int Slices = 8;
    private const int Connections = 16;
    private const double MaxMultiple = 2.0;
    private const double MaxSpread = 0.08;

    private static readonly int Runs = Number("CERTCTL_TEST_RUNS", 10);
    private static readonly int Measured = Number("CERTCTL_TEST_ENROLMENTS", 4000);
    private static readonly int WarmUp = WarmUpRounds * Measured;

    [Fact]
    [Trait("Category", "Measure")]
    public async Task Enrolments_cost_at_most_twice_their_private_key_operations_and_the_same_in_each_process()
    {
        using var folder = new TemporaryFolder();
        List<Candidate> candidates = [];
        try
        {
            // The folder keeps the keys, so one set of messages is for all of them; each has a database of its own.
            for (var number = 1; number <= Runs; number++)
                candidates.Add(
                    await Candidate.StartAsync(folder.Path, PostgresFixture.UrlOf(await postgres.CreateDatabaseAsync(migrated: true))));
            using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder["ra.crt"]));
            var messages = EnrolmentLoad.Messages(ra, candidates[0].Challenge, Keys, WarmUp + Measured);

            // Each message of the warm-up is sent once: a repeated one would be answered from the journal, past the CA.
            foreach (var candidate in candidates)
                await candidate.Load.SendAsync(messages[..WarmUp]);

            // In turn, and the reference with each: a machine that others share changes its pace from one minute to the next, which would
            // tell apart processes that are alike.
            foreach (var slice in messages[WarmUp..].Chunk(Measured / Slices))
            {
                foreach (var candidate in candidates)
                    await candidate.MeasureAsync(slice);
            }
        }
        finally
        {
            foreach (var candidate in candidates)
                await candidate.DisposeAsync();
        }

        // The machine's, not a process's: measured beside each slice of each, so all of them count for all.
        var reference = TimeSpan.FromTicks((long)candidates.Average(candidate => candidate.Reference.Ticks));
        foreach (var (index, candidate) in candidates.Index())
            output.WriteLine($"run {index + 1}: {candidate.Describe(reference)}");
        var ratios = candidates.ConvertAll(candidate => candidate.RatioTo(reference));
        var median = ratios.Order().ElementAt(ratios.Count / 2);
        var spread = ratios.Max(ratio => Math.Abs((ratio / median) - 1));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"median of {Runs} processes {median:F2}, from {ratios.Min():F2} to {ratios.Max():F2}, at most {spread:P0} from the median"));
        Assert.True(median <= MaxMultiple, $"{median:F2} is not below {MaxMultiple}");
        Assert.True(spread <= MaxSpread, $"{spread:P0} is not below {MaxSpread:P0}");
    }

    internal static int Number(string name, int value) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } said ? int.Parse(said, CultureInfo.InvariantCulture) : value;

    private sealed class Candidate(MeasuredServer server, EnrolmentLoad load) : IAsyncDisposable
    {
        private TimeSpan _cpu;
        private TimeSpan _reference;
        private TimeSpan _elapsed;
        private int _enrolments;
        private int _slices;

        public string Challenge => server.Challenge;

        public EnrolmentLoad Load => load;

        /// <summary>CPU time of the three operations, beside this one's slices.</summary>
        public TimeSpan Reference => _reference / _slices;

        public double RatioTo(TimeSpan reference) => _cpu / _enrolments / reference;

        public static async Task<Candidate> StartAsync(string data, string database)
        {
            var server = await MeasuredServer.StartAsync(data, database);
            return new Candidate(server, EnrolmentLoad.OfScep(server.Url, server.CaFile, Connections));
        }

        public async Task MeasureAsync(byte[][] slice)
        {
            _reference += PrivateOperations.Measure(200);
            var started = Stopwatch.GetTimestamp();
            _cpu += await server.CpuOfAsync(() => load.SendAsync(slice));
            _elapsed += Stopwatch.GetElapsedTime(started);
            (_enrolments, _slices) = (_enrolments + slice.Length, _slices + 1);
            MemoryInMegabytes = server.MemoryInMegabytes;
        }

        private long MemoryInMegabytes { get; set; }

        public string Describe(TimeSpan reference) => string.Create(
            CultureInfo.InvariantCulture,
            $"ratio {RatioTo(reference):F2}, server {_cpu.TotalMilliseconds / _enrolments:F2} ms, three private operations "
            + $"{Reference.TotalMilliseconds:F2} ms, {_enrolments / _elapsed.TotalSeconds:F0}/s, {MemoryInMegabytes} MB");

        public async ValueTask DisposeAsync()
        {
            load.Dispose();
            await server.DisposeAsync();
        }
    }
}
