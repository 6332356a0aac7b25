using System.Diagnostics.Metrics;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Application.Publication;

/// <summary>What the CRLs that this process serves are like, by CA.</summary>
public sealed class CrlMetrics : IDisposable
{
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly Counter<long> _failures;

    public CrlMetrics(CrlPublisher publisher, DatabaseClock clock, TimeProvider process)
    {
        _failures = _meter.CreateCounter<long>(
            "certctl_crl_failures", "{failure}", "Looks, one a second, that failed: no CRL is made or taken over meanwhile.");
        _meter.CreateObservableGauge(
            "certctl_crl_age_seconds", () => Each(crl => (Now() - crl.ThisUpdate).TotalSeconds), "s",
            "Age of the CRL that is served, by issuer; absent until one has been made.");
        _meter.CreateObservableGauge(
            "certctl_crl_seconds_to_next_update", () => Each(crl => (crl.NextUpdate - Now()).TotalSeconds), "s",
            "Until nextUpdate of the CRL that is served, by issuer; negative when it has passed.");
        _meter.CreateObservableGauge(
            "certctl_crl_size_bytes", () => Each(crl => crl.Der.Length), "By", "Size of the CRL that is served, by issuer.");
        _meter.CreateObservableGauge(
            "certctl_crl_entries", () => Each(crl => crl.Entries), "{certificate}", "Entries of the CRL that is served, by issuer.");

        DateTimeOffset Now() => process.GetUtcNow() - (clock.Difference ?? TimeSpan.Zero);

        IEnumerable<Measurement<double>> Each(Func<PublishedCrl, double> value) => publisher.Held.Select(held =>
            new Measurement<double>(value(held.Crl), new KeyValuePair<string, object?>("issuer", held.Name)));
    }

    public void Failed() => _failures.Add(1);

    public void Dispose() => _meter.Dispose();
}
