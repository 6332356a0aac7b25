using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>
/// The OCSP responder of each CA, in each of its generations: one key and certificate of this process, made at the start and renewed in
/// the background. A renewal that fails leaves the old one in use as long as it is valid.
/// </summary>
public sealed partial class ResponderKeys : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>For relying parties whose clocks are late.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromMinutes(5);

    /// <summary>How long before its end a responder is renewed at the latest, and which part of its life that is at least.</summary>
    private static readonly TimeSpan MinLeft = TimeSpan.FromDays(7);
    private const int LeftPart = 3;

    /// <summary>From one failed attempt to the next while there is no responder, and while there still is one.</summary>
    private static readonly TimeSpan RetryWithout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryWith = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AuditTimeout = TimeSpan.FromSeconds(30);

    // By the issuer itself: a CA that a reload exchanged takes its responder with it.
    private readonly ConditionalWeakTable<IPublishesStatus, Slot> _slots = [];
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly IssuerRegistry _registry;
    private readonly IOcspSigners _signers;
    private readonly IAuditRepository _audit;
    private readonly DatabaseClock _clock;
    private readonly TimeProvider _process;
    private readonly ILogger<ResponderKeys> _logger;

    public ResponderKeys(
        IssuerRegistry registry,
        IOcspSigners signers,
        IAuditRepository audit,
        DatabaseClock clock,
        TimeProvider process,
        ILogger<ResponderKeys> logger)
    {
        (_registry, _signers, _audit, _clock, _process, _logger) = (registry, signers, audit, clock, process, logger);
        _meter.CreateObservableGauge(
            "certctl_ocsp_responder_remaining_seconds", Remaining, "s",
            "Until the certificate of the OCSP responder ends, by issuer; absent until there is one.");
    }

    private IEnumerable<IPublishesStatus> Issuers => _registry.All.SelectMany(issuer => issuer.All).OfType<IPublishesStatus>();

    /// <summary>
    /// The responder of this CA. Waits only where there is none that is valid: otherwise a renewal goes on beside. Throws what became of
    /// the last attempt where there is none.
    /// </summary>
    /// <param name="now">The database's time.</param>
    public ValueTask<IOcspSigner> CurrentAsync(IPublishesStatus issuer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var slot = SlotOf(issuer);
        if (slot.Current is not { } current || now >= current.NotAfter)
            return new(Renew(slot, issuer, now, RetryWithout).WaitAsync(cancellationToken));
        if (IsDue(current, issuer, now))
            Renew(slot, issuer, now, RetryWith);
        return new(current);
    }

    /// <summary>
    /// Makes the responders that are missing and renews those that are due; failures are in the log. A CA that is not valid yet has none.
    /// </summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var asking = _clock.NowAsync(cancellationToken).AsTask();
        await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!asking.IsCompletedSuccessfully)
        {
            LogNotPrepared(asking.Exception?.InnerException);
            return;
        }

        var now = await asking;
        foreach (var issuer in Issuers.Where(issuer => _signers.StartOf(issuer) <= now))
        {
            // One that can certify no further responder is asked for the kept one when a request comes.
            if (!issuer.HasKey || (issuer.IsRetired && issuer.NotAfter <= _process.GetUtcNow()))
                continue;
            var slot = SlotOf(issuer);
            if (slot.Current is { } current && !IsDue(current, issuer, now))
                continue;
            await ((Task)Renew(slot, issuer, now, slot.Current is null ? RetryWithout : RetryWith).WaitAsync(cancellationToken))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Dispose() => _meter.Dispose();

    // One that would get the same end again, because its CA ends then, is not renewed.
    private static bool IsDue(IOcspSigner signer, IPublishesStatus issuer, DateTimeOffset now)
    {
        if (!issuer.HasKey)
            return false;
        var part = (signer.NotAfter - signer.NotBefore) / LeftPart;
        return signer.NotAfter - now <= (part > MinLeft ? part : MinLeft) && signer.NotAfter < issuer.NotAfter;
    }

    private Slot SlotOf(IPublishesStatus issuer) => _slots.GetValue(issuer, static _ => new Slot());

    // The attempt that runs, or the last one where that failed a moment ago, or a new one. Another caller may have had it made since this
    // one looked.
    private Task<IOcspSigner> Renew(Slot slot, IPublishesStatus issuer, DateTimeOffset now, TimeSpan pause)
    {
        lock (slot.Lock)
        {
            if (slot.Current is { } current && now < current.NotAfter && !IsDue(current, issuer, now))
                return Task.FromResult(current);
            if (slot.Attempt is { } last
                && (!last.IsCompleted || (!last.IsCompletedSuccessfully && _process.GetElapsedTime(slot.AttemptedAt) < pause)))
                return last;
            slot.AttemptedAt = _process.GetTimestamp();
            var attempt = new TaskCompletionSource<IOcspSigner>(TaskCreationOptions.RunContinuationsAsynchronously);
            slot.Attempt = attempt.Task;

            // Without the context of the request that notices it: neither its budget of waiting nor its end is the renewal's.
            ThreadPool.UnsafeQueueUserWorkItem(_ => _ = AttemptAsync(slot, issuer, attempt), null);
            return attempt.Task;
        }
    }

    private async Task AttemptAsync(Slot slot, IPublishesStatus issuer, TaskCompletionSource<IOcspSigner> attempt)
    {
        var renewing = RenewAsync(slot, issuer);
        await ((Task)renewing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (renewing.IsCompletedSuccessfully)
        {
            attempt.SetResult(slot.Current = await renewing);
            return;
        }

        var failure = renewing.Exception?.InnerException
            ?? new TimeoutException("The audit event of the OCSP responder was not written in time.");
        if (slot.Current is { } old)
            LogNotRenewed(failure, IssuerNames.Of(issuer), old.NotAfter);
        else
            LogNotMade(failure, IssuerNames.Of(issuer));
        attempt.SetException(failure);

        // Often without a request that waits for it.
        _ = attempt.Task.Exception;
    }

    private async Task<IOcspSigner> RenewAsync(Slot slot, IPublishesStatus issuer)
    {
        using var bounded = new CancellationTokenSource(AuditTimeout, _process);
        var now = await _clock.NowAsync(bounded.Token);
        if (slot.Current is null && _signers.Load(issuer, now) is { } kept)
        {
            LogTakenUp(IssuerNames.Of(issuer), kept.SerialNumber, kept.NotAfter);
            return kept;
        }

        if (_signers.StartOf(issuer) is var start && start > now)
            throw new InvalidOperationException($"The CA is not valid before {start:O}.");
        var made = _signers.Create(issuer, now - Backdating, now + Life);
        if (made.NotAfter <= now)
            throw new InvalidOperationException($"The CA ended at {issuer.NotAfter:O}.");

        // Nothing is signed by a responder that the audit trail does not know.
        await _audit.AppendAsync(PublicationTrail.OcspResponderRenewed(issuer, made, now), bounded.Token);
        _signers.Keep(issuer, made);
        LogRenewed(IssuerNames.Of(issuer), made.SerialNumber, made.NotAfter);
        return made;
    }

    private IEnumerable<Measurement<double>> Remaining()
    {
        var now = _process.GetUtcNow() - (_clock.Difference ?? TimeSpan.Zero);
        foreach (var issuer in Issuers)
        {
            if (_slots.TryGetValue(issuer, out var slot) && slot.Current is { } current)
                yield return new Measurement<double>(
                    (current.NotAfter - now).TotalSeconds, new KeyValuePair<string, object?>("issuer", IssuerNames.Of(issuer)));
        }
    }

    private sealed class Slot
    {
        private volatile IOcspSigner? _current;

        public Lock Lock { get; } = new();

        public IOcspSigner? Current
        {
            get => _current;
            set => _current = value;
        }

        public Task<IOcspSigner>? Attempt { get; set; }

        public long AttemptedAt { get; set; }
    }

    [LoggerMessage(1, LogLevel.Information, "OCSP responder {SerialNumber} is used until {End:O}")]
    private partial void LogRenewed(string issuer, string serialNumber, DateTimeOffset end);

    [LoggerMessage(2, LogLevel.Information, "The kept OCSP responder {SerialNumber} is used until {End:O}")]
    private partial void LogTakenUp(string issuer, string serialNumber, DateTimeOffset end);

    [LoggerMessage(3, LogLevel.Error, "The OCSP responder could not be renewed; the old one is used until {End:O}")]
    private partial void LogNotRenewed(Exception exception, string issuer, DateTimeOffset end);

    [LoggerMessage(5, LogLevel.Warning, "The OCSP responders could not be looked after, because the database does not tell its time")]
    private partial void LogNotPrepared(Exception? exception);

    [LoggerMessage(4, LogLevel.Error, "There is no OCSP responder, because none could be made")]
    private partial void LogNotMade(Exception exception, string issuer);
}
