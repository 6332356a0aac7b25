using System.Diagnostics;
using System.Globalization;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What a list of a million revoked certificates costs to encode and to sign, without what the database takes to deliver it: the CPU time
/// with entries that are there already, the memory with entries that are made one by one and forgotten, as the database delivers them.
/// </summary>
public sealed class CrlCostTests(ITestOutputHelper output)
{
    private const int Entries = 1_000_000;

    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [Trait("Category", "Measure")]
    public async Task A_list_of_a_million_costs_less_than_a_second_and_300_MB(string kind)
    {
        var writer = TestCa.Issuer(TestCa.Root(kind)).Crls!;
        var header = new CrlHeader(1, TestCa.Now, TestCa.Now.AddDays(1));
        await writer.WriteAsync(header, Revoked(10_000), default);

        var (megabytes, crl) = await PeakAsync(() => writer.WriteAsync(header, Revoked(Entries), default));
        var size = crl.Der.Length / 1_048_576.0;
        crl = null;
        var made = Revoked(Entries).ToBlockingEnumerable().ToList();
        var (used, octets) = await CpuAsync(() => writer.WriteAsync(header, Delivered(made), default));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            run CRL of {Entries} entries, {kind}: {used.TotalSeconds:F2} CPU s, {size:F1} MB, allocated {octets / 1_048_576} MB,
                peak +{megabytes} MB
            """));
        Assert.True(used < TimeSpan.FromSeconds(1), "encoding and signing take too long");
        Assert.True(megabytes < 300, "too much memory");
    }

    /// <summary>How far the resident memory of the process rises above what it was before.</summary>
    private static async Task<(long Megabytes, PublishedCrl Crl)> PeakAsync(Func<Task<PublishedCrl>> write)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        // proc(5): 5 resets the peak to what is resident now. A peak of an earlier run would hide this one's.
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5");
        var before = Status("VmRSS:");
        Assert.InRange(Status("VmHWM:"), 0, before + 16_384);
        var crl = await write();
        return ((Status("VmHWM:") - before) / 1024, crl);
    }

    private static long Status(string name) => long.Parse(
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split()[^2],
        CultureInfo.InvariantCulture);

    private static async Task<(TimeSpan Used, long Octets)> CpuAsync(Func<Task<PublishedCrl>> write)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var (cpu, octets) = (process.TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        var crl = await write();
        process.Refresh();
        Assert.Equal(Entries, crl.Entries);
        return (process.TotalProcessorTime - cpu, GC.GetTotalAllocatedBytes(precise: true) - octets);
    }

    private static async IAsyncEnumerable<RevokedCertificate> Delivered(List<RevokedCertificate> entries)
    {
        await Task.CompletedTask;
        foreach (var entry in entries)
            yield return entry;
    }

    // As the database delivers them: serial numbers of 20 octets, all different.
    private static async IAsyncEnumerable<RevokedCertificate> Revoked(int count)
    {
        await Task.CompletedTask;
        for (var i = 0; i < count; i++)
            yield return new($"5{i:x7}{i * 2654435761L:x16}0123456789abcdef", TestCa.Now.AddSeconds(-i), RevocationReason.Superseded);
    }
}
