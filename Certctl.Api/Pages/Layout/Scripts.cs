using Microsoft.JSInterop;

namespace Certctl.Api.Pages.Layout;

/// <summary>Ends what runs in the browser, where the browser is still there.</summary>
internal static class Scripts
{
    public static async ValueTask TryDisposeAsync(this IJSObjectReference script)
    {
        try
        {
            await script.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The page was closed, and took the script along.
        }
    }

    /// <summary>Calls <c>stop</c> of it, and lets go of it.</summary>
    public static async ValueTask TryStopAsync(this IJSObjectReference watch)
    {
        try
        {
            await watch.InvokeVoidAsync("stop");
            await watch.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // Likewise.
        }
    }
}
