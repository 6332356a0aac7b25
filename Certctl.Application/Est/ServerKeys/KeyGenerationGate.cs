namespace Certctl.Application.Est.ServerKeys;

/// <summary>How many keys are made at once: each takes a processor for up to seconds, and enrolments need one too.</summary>
/// <param name="parallel">At least 1.</param>
/// <param name="patience">How long a request waits for a place.</param>
public sealed class KeyGenerationGate(int parallel, TimeSpan patience) : IDisposable
{
    /// <summary>Less than the time after which clients and proxies give up.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _places = new(parallel);

    /// <summary>Runs <paramref name="make"/> on a thread of its own place; null when there was none in time.</summary>
    public async Task<T?> RunAsync<T>(Func<T> make, CancellationToken cancellationToken)
        where T : class
    {
        if (!await _places.WaitAsync(patience, cancellationToken))
            return null;
        try
        {
            // Not to be cancelled once it runs: what it has made would have no owner to dispose of it.
            return await Task.Run(make, CancellationToken.None);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();
}
