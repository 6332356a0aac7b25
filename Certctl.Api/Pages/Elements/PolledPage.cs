using Certctl.Api.Pages.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Certctl.Api.Pages.Elements;

/// <summary>A page that reads its data again while it is seen, and says when it did so last.</summary>
public abstract class PolledPage : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private DotNetObjectReference<PolledPage>? _self;
    private IJSObjectReference? _script;
    private IJSObjectReference? _watch;
    private Poll? _poll;
    private bool _busy;
    private bool _again;

    [Inject]
    private IJSRuntime Browser { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    [Inject]
    private NavigationManager Navigator { get; set; } = default!;

    /// <summary>When the data was read last; null: not yet.</summary>
    protected DateTimeOffset? UpdatedAt { get; private set; }

    /// <summary>The database could not be reached at the last try; what is shown is older.</summary>
    protected bool IsUnavailable { get; private set; }

    protected CancellationToken Closed => _closed.Token;

    protected abstract TimeSpan Interval { get; }

    /// <summary>Reads the data, by <see cref="Take{T}"/>; false: it could not be.</summary>
    protected abstract Task<bool> LoadAsync();

    /// <summary>Whether the operator may see the page; where not, nothing is read.</summary>
    protected abstract Task<bool> MayAsync();

    /// <summary>The operator leaves the page.</summary>
    protected virtual void OnClose()
    {
    }

    [JSInvokable]
    public Task SeenAsync(bool seen) => _poll?.SeenAsync(seen) ?? Task.CompletedTask;

    /// <summary>Reads now; where it is being read already, once more afterwards.</summary>
    public async Task RefreshAsync()
    {
        _again = true;
        if (_busy)
            return;
        _busy = true;
        try
        {
            while (_again && !_closed.IsCancellationRequested)
            {
                _again = false;
                if (await LoadAsync())
                    UpdatedAt = Clock.GetUtcNow();
                StateHasChanged();
            }
        }
        finally
        {
            _busy = false;
        }
    }

    /// <summary>Uses what was read. False: there is nothing, and the page says why, or the browser is on its way to sign in.</summary>
    private protected bool Take<T>(PageRead<T> read, Action<T> use)
    {
        IsUnavailable = read is PageRead<T>.Unavailable;
        if (read is PageRead<T>.SignedOut)
            Navigator.NavigateTo(Navigator.Uri, forceLoad: true);
        if (read is not PageRead<T>.Loaded(var value))
            return false;
        use(value);
        return true;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender || !await MayAsync())
            return;
        _script = await Browser.InvokeAsync<IJSObjectReference>("import", Closed, "./pages.js");
        _self = DotNetObjectReference.Create(this);
        _watch = await _script.InvokeAsync<IJSObjectReference>("watch", Closed, _self);
        _poll = new Poll(Clock, Interval, PollAsync);
        await RefreshAsync();

        // One that is opened in a tab behind others is hidden from the start.
        await SeenAsync(await _watch.InvokeAsync<bool>("seen", Closed));
    }

    // No caller waits for it: what fails is handed to the page, as if the operator had asked.
    private protected async Task PollAsync()
    {
        var read = InvokeAsync(RefreshAsync);
        await read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (read.Exception?.InnerException is { } accident)
            await DispatchExceptionAsync(accident);
    }

    public async ValueTask DisposeAsync()
    {
        OnClose();
        await _closed.CancelAsync();
        _poll?.Dispose();
        if (_watch is not null)
            await _watch.TryStopAsync();
        if (_script is not null)
            await _script.TryDisposeAsync();
        _self?.Dispose();
        _closed.Dispose();
        GC.SuppressFinalize(this);
    }
}
