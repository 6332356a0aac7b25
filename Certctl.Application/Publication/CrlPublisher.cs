using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication;

/// <summary>
/// The current CRL of a CA. It reflects revocations up to the last 10-second boundary and takes its number from that instant, so that
/// independent processes produce the same CRL (ADR 12). It is made at most once per interval, however often it is requested.
/// </summary>
public sealed class CrlPublisher : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Older than a revocation takes to be committed and seen, and than the clocks of two servers differ.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<IPublishesCrls, Edition> _editions = new();
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly ICertificateInventory _certificates;
    private readonly DatabaseClock _clock;
    private readonly TimeProvider _process;

    public CrlPublisher(ICertificateInventory certificates, DatabaseClock clock, TimeProvider process)
    {
        (_certificates, _clock, _process) = (certificates, clock, process);
        _meter.CreateObservableGauge(
            "certctl_crl_age_seconds", Ages, "s", "Age of the CRL that was made last, by issuer; absent until one has been requested.");
    }

    /// <param name="issuer">One that signs CRLs.</param>
    public async Task<SignedCrl> CurrentAsync(IPublishesCrls issuer, CancellationToken cancellationToken)
    {
        var asOf = IntervalStart(await _clock.NowAsync(cancellationToken) - Settling);
        return await _editions.AddOrUpdate(issuer, _ => New(), (_, held) => held.Serves(asOf) ? held : New()).Crl.Value
            .WaitAsync(cancellationToken);

        // Not the asker's cancellation: others wait for the same one.
        Edition New() => new(asOf, new(() => MakeAsync(issuer, asOf, CancellationToken.None)));
    }

    /// <summary>Drops the CRL of an issuer that is in use no more.</summary>
    public void Forget(IPublishesCrls issuer) => _editions.TryRemove(issuer, out _);

    private async Task<SignedCrl> MakeAsync(IPublishesCrls issuer, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        var writer = issuer.Crls ?? throw new InvalidOperationException($"{issuer.Name} may not sign CRLs.");
        var entries = new List<RevokedCertificate>();

        // RFC 5280 §3.3: an entry stays until it has stood in a CRL made after the certificate's end.
        await foreach (var certificate in _certificates.ListRevokedAsync(issuer.IssuerId, asOf, asOf - Life, cancellationToken))
        {
            if (issuer.HasIssued(certificate))
                entries.Add(new(
                    certificate.SerialNumber, certificate.RevokedAt!.Value, certificate.RevocationReason ?? RevocationReason.Unspecified));
        }

        var number = asOf.ToUnixTimeSeconds();
        return new SignedCrl(number, writer.Write(new RevocationList(number, asOf, asOf + Life, entries)));
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<double>> Ages() =>
        _editions.Select(edition => new Measurement<double>(
            (_process.GetUtcNow() - (_clock.Difference ?? TimeSpan.Zero) - edition.Value.AsOf).TotalSeconds,
            new KeyValuePair<string, object?>("issuer", edition.Key.Name.ToString())));

    private static DateTimeOffset IntervalStart(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % Interval.Ticks), TimeSpan.Zero);

    private sealed record Edition(DateTimeOffset AsOf, Lazy<Task<SignedCrl>> Crl)
    {
        public bool Serves(DateTimeOffset asOf) => AsOf >= asOf && !(Crl.IsValueCreated && Crl.Value.IsFaulted);
    }
}
