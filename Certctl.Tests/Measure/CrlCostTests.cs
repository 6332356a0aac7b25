using System.Diagnostics;
using System.Globalization;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What a list of a million revoked certificates costs to encode and to sign, without what the database takes to deliver it.
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
        GC.Collect();

        using var process = Process.GetCurrentProcess();
        var (cpu, resident) = (process.TotalProcessorTime, process.WorkingSet64);
        var crl = await writer.WriteAsync(header, Revoked(Entries), default);
        process.Refresh();
        var used = process.TotalProcessorTime - cpu;
        var peak = (process.PeakWorkingSet64 - resident) / 1_048_576;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            run CRL of {crl.Entries} entries, {kind}: {used.TotalSeconds:F2} CPU s, {crl.Der.Length / 1_048_576.0:F1} MB, peak {peak} MB
            """));
        Assert.True(used < TimeSpan.FromSeconds(1), "encoding and signing take too long");
        Assert.True(peak < 300, "too much memory");
    }

    // As the database delivers them: serial numbers of 20 octets, all different.
    private static async IAsyncEnumerable<RevokedCertificate> Revoked(int count)
    {
        await Task.CompletedTask;
        for (var i = 0; i < count; i++)
            yield return new($"5{i:x7}{i * 2654435761L:x16}0123456789abcdef", TestCa.Now.AddSeconds(-i), RevocationReason.Superseded);
    }
}
