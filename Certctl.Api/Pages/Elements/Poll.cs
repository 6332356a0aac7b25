namespace Certctl.Api.Pages.Elements;

/// <summary>
/// Calls again and again while the page is seen. A hidden page asks nothing; when it is seen again after longer than the interval, it is
/// called at once.
/// </summary>
internal sealed class Poll : IDisposable
{
    private readonly TimeSpan _interval;
    private readonly Func<Task> _call;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private DateTimeOffset _last;
    private bool _seen = true;

    /// <param name="call">In the context of the page; never two at a time is the page's own care.</param>
    public Poll(TimeProvider clock, TimeSpan interval, Func<Task> call)
    {
        (_clock, _interval, _call) = (clock, interval, call);
        _last = clock.GetUtcNow();
        _timer = clock.CreateTimer(_ => _ = CallAsync(), null, interval, interval);
    }

    public async Task SeenAsync(bool seen)
    {
        _seen = seen;
        _timer.Change(seen ? _interval : Timeout.InfiniteTimeSpan, seen ? _interval : Timeout.InfiniteTimeSpan);
        if (seen && _clock.GetUtcNow() - _last >= _interval)
            await CallAsync();
    }

    public void Dispose() => _timer.Dispose();

    private async Task CallAsync()
    {
        if (!_seen)
            return;
        _last = _clock.GetUtcNow();
        await _call();
    }
}
