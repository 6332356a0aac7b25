using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Tests.Fixtures;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What an enrolment costs the server, as a multiple of the three RSA-2048 private operations in it (RA decrypts, CA signs, RA signs), both measured in
/// one run; and how far runs in fresh processes differ. ./measure.sh runs it; the test suite leaves it out, because a busy machine would
/// decide about it.
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
        var messages = Array.Empty<byte[]>();
        List<double> multiples = [];
        for (var run = 1; run <= Runs; run++)
        {
            // The folder keeps the keys and with them the messages; what was issued stays in the database of the run before.
            using var server = StartOnOneCore(folder.Path, PostgresFixture.UrlOf(await postgres.CreateDatabaseAsync(migrated: true)));
            try
            {
                var announced = JsonDocument.Parse((await server.StandardOutput.ReadLineAsync())!).RootElement;
                using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder["ra.crt"]));
                if (messages.Length == 0)
                    messages = EnrolmentLoad.Messages(ra, announced.GetProperty("challenge").GetString()!, Keys, WarmUp + Measured);
                using var load = new EnrolmentLoad(
                    new Uri(announced.GetProperty("url").GetString()!), announced.GetProperty("ca_file").GetString()!, Connections);
                multiples.Add(await MeasureAsync(run, server, load, messages));
            }
            finally
            {
                server.Kill();
                await server.WaitForExitAsync();
            }
        }

        var median = multiples.Order().ElementAt(multiples.Count / 2);
        var spread = multiples.Max(multiple => Math.Abs((multiple / median) - 1));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median of {Runs} runs {median:F2}, from {multiples.Min():F2} to {multiples.Max():F2}, at most {spread:P0} from the median"));
        Assert.True(median <= MaxMultiple, $"{median:F2} is not below {MaxMultiple}");
        Assert.True(spread <= MaxSpread, $"{spread:P0} is not below {MaxSpread:P0}");
    }

    // The reference is measured between slices of the load: a machine that others share changes its pace within a run.
    private async Task<double> MeasureAsync(int run, Process server, EnrolmentLoad load, byte[][] messages)
    {
        // Each message of the warm-up is sent once: a repeated one would be answered from the journal, past the CA.
        await load.SendAsync(messages[..WarmUp]);
        var (each, reference, elapsed) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        foreach (var slice in messages[WarmUp..].Chunk(Measured / Slices))
        {
            reference += PrivateOperations.Measure(200) / Slices;
            var (before, started) = (PrivateOperations.ProcessCpu(server.Id), Stopwatch.GetTimestamp());
            await load.SendAsync(slice);
            elapsed += Stopwatch.GetElapsedTime(started);
            each += (PrivateOperations.ProcessCpu(server.Id) - before) / Measured;
        }

        server.Refresh();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"run {run}: ratio {each / reference:F2}, server {each.TotalMilliseconds:F2} ms, three private operations {reference.TotalMilliseconds:F2} ms, {Measured / elapsed.TotalSeconds:F0}/s, {server.WorkingSet64 / 1048576} MB"));
        return each / reference;
    }

    private static int Number(string name, int value) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } said ? int.Parse(said, CultureInfo.InvariantCulture) : value;

    private static Process StartOnOneCore(string data, string database)
    {
        var start = new ProcessStartInfo(
            "taskset",
            ["-c", "0", "dotnet", PublishedExecutable.Dll, "quickstart", "--data", data, "--port", "0", "--ca-key", "rsa-2048", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CERTCTL_DATABASE_URL"] = database;
        var server = Process.Start(start)!;
        server.ErrorDataReceived += (_, _) => { };
        server.BeginErrorReadLine();
        return server;
    }
}
