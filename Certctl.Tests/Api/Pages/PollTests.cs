using Certctl.Api.Pages.Elements;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Api.Pages;

/// <summary>When a page asks again, and how it says what is left.</summary>
public sealed class PollTests
{
    private static readonly TimeSpan HalfMinute = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen_again_late()
    {
        var clock = new FakeTimeProvider();
        var calls = 0;
        using var poll = new Poll(clock, HalfMinute, () =>
        {
            calls++;
            return Task.CompletedTask;
        });
        clock.Advance(HalfMinute);
        Assert.Equal(1, calls);

        await poll.SeenAsync(false);
        clock.Advance(10 * HalfMinute);
        Assert.Equal(1, calls);

        await poll.SeenAsync(true);
        Assert.Equal(2, calls);
        await poll.SeenAsync(false);
        clock.Advance(HalfMinute / 2);
        await poll.SeenAsync(true);
        Assert.Equal(2, calls);
        clock.Advance(HalfMinute);
        Assert.Equal(3, calls);
    }

    [Theory]
    [InlineData(30, false, "Good", "30 days left")]
    [InlineData(29, false, "Warn", "29 days left, renew soon")]
    [InlineData(7, false, "Warn", "7 days left, renew soon")]
    [InlineData(6, false, "Bad", "6 days left")]
    [InlineData(1, false, "Bad", "1 day left")]
    [InlineData(0, false, "Bad", "0 days left")]
    [InlineData(0, true, "Bad", "EXPIRED")]
    public void What_is_left_of_a_certificate_has_words_and_a_tone(int days, bool expired, string tone, string words)
    {
        var left = Expiry.Of(days, expired);
        Assert.Equal((tone, words), (left.Tone.ToString(), left.Words));
    }
}
