using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Publication.Ocsp;
using Xunit;
using Xunit.Abstractions;
using Requests = Certctl.Tests.Infrastructure.Publication.Ocsp.OcspRequestReaderTests;

namespace Certctl.Tests.Measure;

/// <summary>
/// OCSP answers a second and core, without HTTP and over a database in memory, beside the P-256 signatures that <c>openssl speed</c> makes
/// on the same machine.
/// </summary>
public sealed partial class OcspCostTests(ITestOutputHelper output)
{
    private const int Answers = 20_000;

    [Fact]
    [Trait("Category", "Measure")]
    public async Task Signed_answers_cost_little_more_than_their_signature_and_cached_ones_a_fraction_of_it()
    {
        using var bench = new OcspBench();
        var serials = Enumerable.Range(1, 100).Select(n => bench.Issue(n.ToString("x", CultureInfo.InvariantCulture))).ToList();
        var certIds = serials.ConvertAll(serial => bench.Codec.Ask(bench.Issuer, serial).Entries[0].Der.ToArray());
        var plain = certIds.ConvertAll(certId => Requests.Request(Requests.Entry(certId)));
        var withNonce = certIds.ConvertAll(certId => Requests.WithNonce(certId, new byte[32]));
        var reference = double.Parse(
            Speed().Match(OpenSsl.Run("speed", "-seconds", "2", "ecdsap256")).Groups[1].Value, CultureInfo.InvariantCulture);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await RateAsync(bench, withNonce);
            await RateAsync(bench, plain);
        }

        var signed = await RateAsync(bench, withNonce);
        var cached = await RateAsync(bench, plain);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            run openssl speed ecdsap256   {reference:F0} signatures/s
            run signed OCSP answers       {signed.Rate:F0}/s of CPU, {signed.Rate / reference:P0} of that, {signed.Octets} octets allocated
            run cached OCSP answers       {cached.Rate:F0}/s of CPU, {cached.Octets} octets allocated
            """));
        Assert.True(signed.Rate / reference >= 0.6, "signed answers cost too much beside the signature");
        Assert.True(cached.Rate >= 20_000, "cached answers cost too much");
    }

    private static async Task<(double Rate, long Octets)> RateAsync(OcspBench bench, List<byte[]> requests)
    {
        var (cpu, octets) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Answers / 16; i++)
                Assert.NotEqual(5, (await bench.AskAsync(requests[i % requests.Count])).Der.Length);
        })));
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        return (Answers / used.TotalSeconds, (GC.GetTotalAllocatedBytes(precise: true) - octets) / Answers);
    }

    [GeneratedRegex(@"256 bits ecdsa \(nistp256\)\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)")]
    private static partial Regex Speed();
}
