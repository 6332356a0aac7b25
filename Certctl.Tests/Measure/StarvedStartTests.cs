using System.Diagnostics;
using System.Globalization;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// A server that gets a fifth of a CPU, as a container with <c>cpu: 200m</c> does, starts and answers. The first start makes keys and
/// tables, the second finds them. ./measure.sh starved runs it.
/// </summary>
public sealed class StarvedStartTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    // What a control group does, where none can be made: 20 ms of 100.
    private const string ByTurns = "\"$@\" & p=$!; while kill -STOP $p; do sleep 0.08; kill -CONT $p; sleep 0.02; done 2>/dev/null";
    private const string ByGroup = "echo $$ > $0/cgroup.procs && exec \"$@\"";

    private static readonly TimeSpan MaxStart = TimeSpan.FromMinutes(4);

    [Theory]
    [Trait("Category", "Measure")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_with_a_fifth_of_a_CPU_starts_and_answers_GetCACaps(bool onPostgres)
    {
        if (onPostgres && !postgres.IsAvailable)
            return;
        using var group = CpuGroup.TryMake();
        string[] parent = group is null ? ["sh", "-c", ByTurns, "sh"] : ["sh", "-c", ByGroup, group.Path];
        var database = onPostgres ? await postgres.CreateDatabaseAsync(migrated: false) : null;
        var began = Stopwatch.GetTimestamp();
        await using var host = await CertctlHost.StartUnderAsync(parent, database);
        await AnsweredAsync("first start", began);
        await host.KillAsync();
        began = Stopwatch.GetTimestamp();
        await host.StartAgainAsync();
        await AnsweredAsync("second start", began);

        async Task AnsweredAsync(string which, long since)
        {
            using var device = host.Connect();
            Assert.Contains(
                "SCEPStandard",
                await device.Http.GetStringAsync(new Uri(device.Server, "/scep?operation=GetCACaps")),
                StringComparison.Ordinal);
            var elapsed = Stopwatch.GetElapsedTime(since);
            var how = $"{(onPostgres ? "PostgreSQL" : "SQLite")}, {(group is null ? "stopped and continued by turns" : "control group")}";
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"start: {which} with a fifth of a CPU on {how}: {elapsed.TotalSeconds:F1} s"));
            Assert.InRange(elapsed, TimeSpan.Zero, MaxStart);
        }
    }

    /// <summary>A control group of a fifth of a CPU, of version 2 or 1.</summary>
    private sealed class CpuGroup(string path) : IDisposable
    {
        public string Path => path;

        /// <summary>Null where this user or this machine cannot make one.</summary>
        public static CpuGroup? TryMake()
        {
            var (root, file, quota) = File.Exists("/sys/fs/cgroup/cgroup.controllers")
                ? ("/sys/fs/cgroup", "cpu.max", "20000 100000")
                : ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "20000");
            if (!Directory.Exists(root))
                return null;
            var path = $"{root}/certctl-{Guid.NewGuid():N}";
            try
            {
                Directory.CreateDirectory(path);

                // The kernel puts the file there; where it is not, this is no control group.
                using var setting = new StreamWriter(new FileStream($"{path}/{file}", FileMode.Open, FileAccess.Write));
                setting.Write(quota);
                return new CpuGroup(path);
            }
            catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
            {
                if (Directory.Exists(path))
                    Directory.Delete(path);
                return null;
            }
        }

        // The kernel refuses this while a process is in it; all of them have been killed.
        public void Dispose() => Directory.Delete(path);
    }
}
