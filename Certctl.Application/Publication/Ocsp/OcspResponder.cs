using System.Data.Common;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>
/// Answers OCSP requests of one CA (RFC 6960, RFC 9919). Signed answers are cached; one is handed out only after a read of the issuer's
/// revocation epoch that began after the request came (ADR 39).
/// </summary>
public sealed partial class OcspResponder(
    IOcspCodec codec,
    ResponderKeys keys,
    IRevocationStore store,
    DatabaseClock clock,
    OcspMetrics metrics,
    TimeProvider process,
    ILogger<OcspResponder> logger,
    TimeSpan? validity = null)
{
    /// <summary>From thisUpdate to nextUpdate where nothing else is set.</summary>
    public static readonly TimeSpan DefaultValidity = TimeSpan.FromHours(1);

    /// <summary>
    /// How old the newest read may be when an answer is handed out. A process that was stopped between the two must not say "good" of what
    /// was revoked meanwhile.
    /// </summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    /// <summary>More than one in a row that was too slow is a database that is too slow.</summary>
    private const int MaxAttempts = 3;

    private readonly OcspCache _cache = new();
    private readonly EpochReads _epochs = new(store, process);
    private readonly TimeSpan _validity = validity ?? DefaultValidity;

    /// <param name="issuer">The CA that the path names.</param>
    /// <param name="request">OCSPRequest as DER, as it came.</param>
    public Task<OcspReply> AnswerAsync(IPublishesStatus issuer, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        if (codec.Read(request, out var defect) is { } asked)
            return AnswerAsync(issuer, asked, cancellationToken);
        LogMalformed(IssuerNames.Of(issuer), defect);
        return Task.FromResult(Fail(issuer, OcspError.MalformedRequest));
    }

    /// <summary>The upstream product's form: one certificate by its serial number; the CertID of the answer has SHA-1 hashes.</summary>
    /// <param name="serialNumber">40 lower-case hex digits.</param>
    public Task<OcspReply> AnswerAsync(IPublishesStatus issuer, string serialNumber, CancellationToken cancellationToken) =>
        AnswerAsync(issuer, codec.Ask(issuer, serialNumber), cancellationToken);

    private async Task<OcspReply> AnswerAsync(IPublishesStatus issuer, OcspRequest asked, CancellationToken cancellationToken)
    {
        var deciding = DecideAsync(issuer, asked, cancellationToken);
        await ((Task)deciding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (deciding.IsCompletedSuccessfully)
        {
            var decided = await deciding;
            metrics.Answered(issuer, decided.Statuses);
            return decided.Reply;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var failure = deciding.Exception?.InnerException;

        // Never "good", and never a word of it to the outside.
        if (failure is null or DbException or TimeoutException)
        {
            LogOutage(failure, IssuerNames.Of(issuer));
            return Fail(issuer, OcspError.TryLater);
        }

        LogFailed(failure, IssuerNames.Of(issuer));
        return Fail(issuer, OcspError.InternalError);
    }

    private async Task<Decision> DecideAsync(IPublishesStatus issuer, OcspRequest asked, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var decision = asked.Nonce is null
                ? await FromCacheAsync(issuer, asked, cancellationToken)
                : await SignAsync(issuer, asked, cancellationToken);
            if (process.GetElapsedTime(decision.TrueAt) <= MaxAge)
                return decision;
        }

        throw new TimeoutException($"The status was read {MaxAttempts} times and was older than {MaxAge.TotalSeconds} s each time.");
    }

    private async Task<Decision> FromCacheAsync(IPublishesStatus issuer, OcspRequest asked, CancellationToken cancellationToken)
    {
        // The epoch first: what is signed below may be newer than it, never older.
        var read = await _epochs.ReadAsync(issuer.IssuerId, cancellationToken);
        var key = new OcspCacheKey(issuer, asked.CertIds);
        if (_cache.Find(key) is { } cached && cached.Epoch == read.Epoch && cached.IsFresh(await clock.NowAsync(cancellationToken)))
            return new Decision(cached.Reply, cached.Statuses, read.BeganAt);

        var signed = await SignAsync(issuer, asked, cancellationToken);
        if (signed.Reply.Validity is { } current)
            _cache.Put(key, new CachedAnswer(signed.Reply, current, read.Epoch, signed.Statuses));
        return signed;
    }

    private async Task<Decision> SignAsync(IPublishesStatus issuer, OcspRequest asked, CancellationToken cancellationToken)
    {
        var trueAt = process.GetTimestamp();
        var now = WholeSeconds(await clock.NowAsync(cancellationToken));
        var entries = new OcspEntry[asked.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = Entry(asked.Entries[i], await FindAsync(issuer, asked.Entries[i], cancellationToken), now);

        var signer = await keys.CurrentAsync(issuer, now, cancellationToken);
        var nextUpdate = WholeSeconds(now + _validity < signer.NotAfter ? now + _validity : signer.NotAfter);
        var der = signer.Sign(new OcspAnswer(now, nextUpdate, entries, asked.Nonce));
        var statuses = Array.ConvertAll(entries, entry => entry.Status);

        // An unknown certificate may be issued the next moment, which raises no epoch.
        var mayBeKept = asked.Nonce is null && !statuses.Contains(CertificateStatus.Unknown);
        return new Decision(new OcspReply(der, mayBeKept ? new OcspValidity(now, nextUpdate) : null), statuses, trueAt);
    }

    // RFC 6960 §2.2: nothing but "unknown" of what another CA issued, be it an earlier or later one of the same name.
    private async Task<CertificateStanding?> FindAsync(IPublishesStatus issuer, OcspCertId asked, CancellationToken cancellationToken) =>
        asked.SerialNumber is { } serial && codec.Names(asked, issuer)
            && await store.FindAsync(issuer.IssuerId, serial, cancellationToken) is { } standing && standing.KeyId == issuer.KeyId
            ? standing
            : null;

    private static OcspEntry Entry(OcspCertId asked, CertificateStanding? standing, DateTimeOffset now) => standing switch
    {
        null => new OcspEntry(asked.Der, CertificateStatus.Unknown, RevokedAt: null, Reason: null, HasEnded: false),
        { RevokedAt: { } revokedAt } => new OcspEntry(
            asked.Der,
            CertificateStatus.Revoked,

            // The clock of the process that revoked may have been a little ahead.
            WholeSeconds(revokedAt < now ? revokedAt : now),

            // RFC 5280 §5.3.1: absent rather than unspecified.
            standing.Reason is RevocationReason.Unspecified ? null : standing.Reason,
            standing.NotAfter < now)
        {
            InvalidSince = standing.InvalidSince,
        },
        _ => new OcspEntry(asked.Der, CertificateStatus.Good, RevokedAt: null, Reason: null, standing.NotAfter < now),
    };

    private OcspReply Fail(IPublishesStatus issuer, OcspError error)
    {
        metrics.Failed(issuer, error);
        return OcspReply.Of(error);
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    /// <param name="TrueAt">When the read began that the answer rests on, by the monotonic clock.</param>
    private readonly record struct Decision(OcspReply Reply, IReadOnlyList<CertificateStatus> Statuses, long TrueAt);

    [LoggerMessage(1, LogLevel.Debug, "An OCSP request cannot be read: {Detail}")]
    private partial void LogMalformed(string issuer, string? detail);

    [LoggerMessage(2, LogLevel.Error, "OCSP answered tryLater, because the status could not be read from the database")]
    private partial void LogOutage(Exception? exception, string issuer);

    [LoggerMessage(3, LogLevel.Error, "OCSP answered internalError, because no answer could be signed")]
    private partial void LogFailed(Exception exception, string issuer);
}
