using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
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
    private const int Rounds = 5;

    [Fact]
    [Trait("Category", "Measure")]
    public async Task Signed_answers_cost_little_more_than_their_signature_and_cached_ones_a_fraction_of_it()
    {
        using var bench = new OcspBench();
        var serials = Enumerable.Range(1, 100).Select(n => bench.Issue(n.ToString("x", CultureInfo.InvariantCulture))).ToList();
        var certIds = serials.ConvertAll(serial => bench.Codec.Ask(bench.Issuer, serial).Entries[0].Der.ToArray());
        var plain = certIds.ConvertAll(certId => Requests.Request(Requests.Entry(certId)));
        var withNonce = certIds.ConvertAll(certId => Requests.WithNonce(certId, new byte[32]));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await RateAsync(bench, withNonce);
            await RateAsync(bench, plain);
        }

        // In turn, since what else runs on the machine changes every rate.
        var (references, ratios, ofPlatform) = (new List<double>(), new List<double>(), new List<double>());
        var (signed, cached) = (default((double Rate, long Octets)), default((double Rate, long Octets)));
        for (var round = 0; round < Rounds; round++)
        {
            references.Add(OpenSslRate());
            ofPlatform.Add(PlatformRate() / references[^1]);
            signed = await RateAsync(bench, withNonce);
            ratios.Add(signed.Rate / references[^1]);
            cached = await RateAsync(bench, plain);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            run openssl speed ecdsap256   {Median(references):F0} signatures/s, median of {Rounds} rounds
            run the platform's signature  {Median(ofPlatform):P0} of that ({ofPlatform.Min():P0} to {ofPlatform.Max():P0})
            run signed OCSP answers       {Median(ratios):P0} of that ({ratios.Min():P0} to {ratios.Max():P0}),
                {signed.Octets} octets allocated
            run cached OCSP answers       {cached.Rate:F0}/s of CPU, {cached.Octets} octets allocated
            """));
        Assert.True(Median(ratios) >= 0.6, "signed answers cost too much beside the signature");
        Assert.True(cached.Rate >= 20_000, "cached answers cost too much");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double OpenSslRate() => double.Parse(
        Speed().Match(OpenSsl.Run("speed", "-seconds", "1", "ecdsap256")).Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task<(double Rate, long Octets)> RateAsync(OcspBench bench, List<byte[]> requests)
    {
        var (cpu, octets) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Answers / 16; i++)
            {
                // An error has five octets.
                if ((await bench.AskAsync(requests[i % requests.Count])).Der.Length == 5)
                    Assert.Fail("A request is not answered.");
            }
        })));
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        return (Answers / used.TotalSeconds, (GC.GetTotalAllocatedBytes(precise: true) - octets) / Answers);
    }

    /// <summary>P-256 signatures of hashes, which .NET makes with the same library: what no answer can be faster than.</summary>
    private static double PlatformRate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Span<byte> hash = stackalloc byte[32];
        Span<byte> signature = stackalloc byte[64];
        var cpu = TimeSpan.Zero;
        for (var i = -Answers / 10; i < Answers; i++)
        {
            if (i == 0)
                cpu = Process.GetCurrentProcess().TotalProcessorTime;
            Assert.True(key.TrySignHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _));
        }

        return Answers / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
    }

    [GeneratedRegex(@"256 bits ecdsa \(nistp256\)\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)")]
    private static partial Regex Speed();
}
