using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// The metadata and signing keys of the OpenID Connect issuer (OpenID Connect Discovery 1.0 §4, RFC 7517), as read last. Unlike the
/// library's configuration manager it keeps no last-known-good set beside the current one: a key that the issuer has withdrawn is refused
/// as soon as the new set is read.
/// </summary>
/// <remarks>
/// One read at a time, shared by all who wait for it, and at least <see cref="ReadInterval"/> between two: tokens with unknown key
/// identifiers can neither flood the issuer nor use up the read that a token with a new key needs.
/// </remarks>
internal sealed class OidcKeys(string metadataAddress, IDocumentRetriever documents, TimeProvider clock)
    : IConfigurationManager<OpenIdConnectConfiguration>
{
    /// <summary>A set that is older is read again before it judges a token.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    /// <summary>While the issuer cannot be read, a set that is older judges no token.</summary>
    public static readonly TimeSpan MaxAgeInOutage = TimeSpan.FromHours(1);

    /// <summary>The least time from the start of one read to the start of the next.</summary>
    public static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After a failed read, how long a set within <see cref="MaxAgeInOutage"/> is used without another attempt. Tokens with unknown keys
    /// cause none either: in an outage a client that sends them would otherwise have every token wait for its reads.
    /// </summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private KeySet? _current;
    private Read? _read;

    // The read that failed last; null when a set has been read since. Kept beside _read, which the next read replaces while it runs.
    private Failure? _failure;

    // A read that began before was made by roots that are in use no more.
    private long _validFrom = long.MinValue;

    /// <summary>The signing keys that were read last; empty before the first read.</summary>
    public IEnumerable<SecurityKey> Newest
    {
        get
        {
            lock (_lock)
                return _current?.Configuration.SigningKeys ?? [];
        }
    }

    /// <summary>The set that judges tokens now.</summary>
    /// <exception cref="OidcUnavailableException">No set is young enough and the issuer cannot be read.</exception>
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        Read read;
        lock (_lock)
        {
            var current = _current;
            if (current is not null && clock.GetElapsedTime(current.ReadAt) <= MaxAge)
                return current.Configuration;
            if (current is not null && clock.GetElapsedTime(current.ReadAt) <= MaxAgeInOutage && HasJustFailed())
                return current.Configuration;
            read = _read is { Task.IsCompleted: false } running ? running : Begin();
        }

        try
        {
            return (await read.Task.WaitAsync(cancel)).Configuration;
        }
        catch (OidcUnavailableException)
        {
            lock (_lock)
            {
                if (_current is { } current && clock.GetElapsedTime(current.ReadAt) <= MaxAgeInOutage)
                    return current.Configuration;
            }

            throw;
        }
    }

    /// <summary>For a token that names a key: where the current set lacks it, waits for a read that begins after this call.</summary>
    /// <exception cref="OidcUnavailableException">The issuer cannot be read, so nothing can be said about the key.</exception>
    public async Task LookForAsync(string keyId, CancellationToken cancellationToken)
    {
        var configuration = await GetConfigurationAsync(cancellationToken);
        if (configuration.SigningKeys.Any(key => key.KeyId == keyId))
            return;
        var asked = clock.GetTimestamp();
        while (true)
        {
            Read read;
            lock (_lock)
            {
                if (_current is { } current && current.ReadAt >= asked)
                    return;
                if (HasJustFailed())
                    throw new OidcUnavailableException(_failure!.Reason);
                read = _read is { Task.IsCompleted: false } running ? running : Begin();
            }

            // A read that was under way when the token came may not have seen the new key yet: it is waited for, then followed by one more.
            if (read.BeginsAt >= asked)
            {
                await read.Task.WaitAsync(cancellationToken);
                return;
            }

            await ((Task)read.Task.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// A signature did not verify, perhaps because a key was replaced under its old name: reads the set anew, without making any token
    /// wait.
    /// </summary>
    public void RequestRefresh()
    {
        lock (_lock)
        {
            if (_read is not { Task.IsCompleted: false } && !HasJustFailed())
                Begin();
        }
    }

    /// <summary>
    /// The issuer is reached in another way from now on (other roots): a failure of the old way says nothing any more, and what it read is
    /// read anew.
    /// </summary>
    public void Restart()
    {
        lock (_lock)
        {
            _failure = null;
            _validFrom = Begin().BeginsAt;
        }
    }

    // Under the lock.
    private bool HasJustFailed() => _failure is { } failed && clock.GetElapsedTime(failed.ReadAt) <= RetryInterval;

    // Under the lock.
    private Read Begin()
    {
        var now = clock.GetTimestamp();
        var wait = _read is { } last ? ReadInterval - clock.GetElapsedTime(last.BeginsAt, now) : TimeSpan.Zero;
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        var beginsAt = now + (long)(wait.TotalSeconds * clock.TimestampFrequency);
        return _read = new Read(beginsAt, Task.Run(() => ReadAsync(wait, beginsAt)));
    }

    // The HTTP client's time-out bounds it; no caller's cancellation does, because others wait for the same read.
    private async Task<KeySet> ReadAsync(TimeSpan wait, long beginsAt)
    {
        await Task.Delay(wait, clock);
        var reading = OpenIdConnectConfigurationRetriever.GetAsync(metadataAddress, documents, CancellationToken.None);
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompletedSuccessfully)
        {
            var failure = new Failure(reading.Exception?.InnerException ?? new OperationCanceledException(), beginsAt);
            lock (_lock)
            {
                if (beginsAt >= _validFrom)
                    _failure = failure;
            }

            throw new OidcUnavailableException(failure.Reason);
        }

        var set = new KeySet(await reading, beginsAt);
        lock (_lock)
        {
            if (beginsAt >= _validFrom)
                (_current, _failure) = (set, null);
        }

        return set;
    }

    private sealed record KeySet(OpenIdConnectConfiguration Configuration, long ReadAt);

    private sealed record Failure(Exception Reason, long ReadAt);

    private sealed record Read(long BeginsAt, Task<KeySet> Task);
}

/// <summary>The OpenID Connect issuer's metadata or keys cannot be read: no refusal of a token, but 503.</summary>
internal sealed class OidcUnavailableException(Exception inner)
    : TimeoutException("The OpenID Connect issuer's metadata or keys cannot be read.", inner);
