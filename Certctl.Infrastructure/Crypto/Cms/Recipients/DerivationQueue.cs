namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>
/// One key derivation from a challenge at a time: what it costs, a stranger's message says, so a flood of them may take one core and not
/// all (ADR 29). Those who wait hold a thread each, so they are few.
/// </summary>
/// <param name="maxWaiting">Beside the one whose turn it is.</param>
/// <param name="maxWait">For one's turn.</param>
internal sealed class DerivationQueue(int maxWaiting, TimeSpan maxWait) : IDisposable
{
    public static readonly DerivationQueue OfProcess = new(DecodingLimits.WaitingForDerivation, DecodingLimits.DerivationWait);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _inside;

    /// <summary>Those who derive or wait.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>
    /// Waits for its turn. Throws <see cref="TimeoutException"/>, which is no decision about the request,
    /// when the queue is full or too slow.
    /// </summary>
    public void Run(Action derivation)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > maxWaiting + 1 || !_turn.Wait(maxWait))
                throw new TimeoutException(
                    "Too many requests are encrypted with a challenge: the key of this one could not be derived in time.");
            try
            {
                derivation();
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose() => _turn.Dispose();
}
