using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class SettledCountsTests
{
    private readonly FakeTimeProvider _clock = new(TestDatabase.Start);
    private readonly List<(DateTimeOffset? From, DateTimeOffset To)> _counted = [];
    private readonly SettledCounts _counts;

    public SettledCountsTests() => _counts = new SettledCounts(_clock);

    [Fact]
    public async Task Many_who_ask_at_once_make_one_count_which_outlives_those_who_do_not_wait()
    {
        var gate = new TaskCompletionSource<CountSnapshot>();
        using var impatient = new CancellationTokenSource();
        Task<Settled> AskAsync(CancellationToken cancellationToken) => _counts.FindAsync("a", (from, to) =>
        {
            _counted.Add((from, to));
            return gate.Task;
        }, cancellationToken);
        var left = AskAsync(impatient.Token);
        var others = Enumerable.Range(0, 8).Select(_ => AskAsync(default)).ToList();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        gate.SetResult(new CountSnapshot(7));

        Assert.All(await Task.WhenAll(others), settled => Assert.Equal(7, settled.Counted.Count));
        Assert.Equal([(null, TestDatabase.Start - SettledCounts.Settling)], _counted);
    }

    [Fact]
    public async Task Only_what_came_since_is_counted_until_the_hour_is_over()
    {
        Assert.Equal(10, await AskAsync(10));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(10, await AskAsync(99));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(13, await AskAsync(3));
        _clock.Advance(SettledCounts.MaxAge);
        Assert.Equal(14, await AskAsync(14));

        var mark = TestDatabase.Start - SettledCounts.Settling;
        var second = mark.AddSeconds(150);
        Assert.Equal([(null, mark), (mark, second), (null, second + SettledCounts.MaxAge)], _counted);
    }

    [Fact]
    public async Task A_count_that_failed_is_made_again()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _counts.FindAsync("a", (_, _) => throw new TimeoutException(), default));
        Assert.Equal(5, await AskAsync(5));
    }

    [Fact]
    public async Task What_was_asked_for_longest_ago_is_forgotten_first()
    {
        await AskAsync(1);
        for (var i = 0; i < SettledCounts.Capacity - 1; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            await AskAsync(1, i);
        }

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await AskAsync(2));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await AskAsync(1, "one more");
        Assert.Equal(1, await AskAsync(2));
        Assert.Equal(2, await AskAsync(2, 0));
    }

    [Theory]
    [InlineData(100, 0, 10, false, 0, 10)]
    [InlineData(100, 40, 10, false, 40, 10)]
    [InlineData(100, 50, 10, true, 40, 10)]
    [InlineData(100, 90, 10, true, 0, 10)]
    [InlineData(101, 100, 10, true, 0, 1)]
    [InlineData(7, 0, 10, true, 0, 7)]
    [InlineData(7, 7, 10, true, 0, 0)]
    [InlineData(7, int.MaxValue, 10, true, 0, 0)]
    [InlineData(5_000_000_000, 100_000, 500, false, 100_000, 500)]
    public void A_page_is_read_from_the_nearer_end(long total, int skip, int limit, bool reversed, int fromThere, int take) =>
        Assert.Equal(new PageWindow(reversed, fromThere, take), PageWindow.Of(total, skip, limit));

    private async Task<long> AskAsync(long count, object? key = null) => (await _counts.FindAsync(key ?? "a", (from, to) =>
    {
        _counted.Add((from, to));
        return Task.FromResult(new CountSnapshot(count));
    }, default)).Counted.Count;
}
