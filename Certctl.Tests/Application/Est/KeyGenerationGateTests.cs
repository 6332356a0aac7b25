using Certctl.Application.Est.ServerKeys;
using Xunit;

namespace Certctl.Tests.Application.Est;

/// <summary>Making keys takes no more than its share of the processors.</summary>
public sealed class KeyGenerationGateTests
{
    [Fact]
    public async Task No_more_are_made_at_once_than_there_are_places_and_who_waits_too_long_gets_none()
    {
        using var gate = new KeyGenerationGate(parallel: 2, patience: TimeSpan.FromMilliseconds(50));
        using var release = new ManualResetEventSlim();
        using var begun = new SemaphoreSlim(0);
        Task<string?> Make() => gate.RunAsync(
            () =>
            {
                begun.Release();
                release.Wait();
                return "key";
            },
            CancellationToken.None);

        var running = new[] { Make(), Make() };
        await begun.WaitAsync();
        await begun.WaitAsync();
        Assert.Null(await gate.RunAsync(() => "key", CancellationToken.None));

        release.Set();
        Assert.All(await Task.WhenAll(running), Assert.NotNull);
        Assert.Equal("key", await gate.RunAsync(() => "key", CancellationToken.None));
    }

    [Fact]
    public async Task A_failure_gives_its_place_back()
    {
        using var gate = new KeyGenerationGate(parallel: 1, patience: TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => gate.RunAsync<string>(() => throw new InvalidOperationException(), CancellationToken.None));
        Assert.Equal("key", await gate.RunAsync(() => "key", CancellationToken.None));
    }
}
