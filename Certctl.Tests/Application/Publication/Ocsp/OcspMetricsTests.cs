using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Infrastructure.Publication.Ocsp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication.Ocsp;

public sealed class OcspMetricsTests
{
    [Fact]
    public async Task Answers_are_counted_by_status_and_the_responder_s_end_is_measured()
    {
        var clock = new FakeTimeProvider(TestCa.Now);
        using var bench = new OcspBench(
            clock: clock, issuer: TestCa.Issuer(TestCa.Root(), new LocalCaSettings("iss-counted", [], null, null)));
        var issuer = IssuerNames.Of(bench.Issuer);
        var counts = new ConcurrentDictionary<string, long>();
        double? remaining = null;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name.StartsWith("certctl_ocsp_", StringComparison.Ordinal))
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, measured, tags, _) =>
        {
            if (Tag(tags, "issuer") == issuer)
                counts.AddOrUpdate(Tag(tags, "status")!, measured, (_, before) => before + measured);
        });
        listener.SetMeasurementEventCallback<double>((_, measured, tags, _) =>
            remaining = Tag(tags, "issuer") == issuer ? measured : remaining);
        listener.Start();

        var (good, revoked) = (bench.Issue("0a"), bench.Issue("0b"));
        bench.Store.Revoke(revoked, TestCa.Now);
        await bench.AskAsync(good);
        await bench.AskAsync(good);
        await bench.AskAsync(revoked);
        await bench.AskAsync("0c");
        await bench.AskAsync([0x00]);
        bench.Store.Fault = FakeRevocations.Outage;
        await bench.AskAsync(good);
        bench.Store.Fault = new InvalidOperationException("a mistake of ours");
        await bench.AskAsync(good);
        using var metrics = new OcspMetrics();
        metrics.Limited(bench.Issuer);
        clock.Advance(TimeSpan.FromDays(10));
        listener.RecordObservableInstruments();

        Assert.Equal(
            "good 2, internal_error 1, malformed 1, rate_limited 1, revoked 1, try_later 1, unknown 1",
            string.Join(", ", counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} {count.Value}")));
        Assert.Equal(TimeSpan.FromDays(20).TotalSeconds, remaining);
    }

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == name)
                return (string?)tag.Value;
        }

        return null;
    }
}
