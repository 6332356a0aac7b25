using Certctl.Api.Rest.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Api.Rest.Http;

/// <summary>How fast an export must be read, by a clock that the test moves.</summary>
public sealed class ReaderPaceTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Who_takes_nothing_for_a_window_is_too_slow_and_the_write_is_ended()
    {
        var pace = new ReaderPace(_clock);
        var write = pace.WriteAsync(token => Task.Delay(Timeout.Infinite, token), 32 * 1024, default);
        _clock.Advance(ReaderPace.Window - TimeSpan.FromSeconds(1));
        Assert.False(write.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PaceFault.TooSlow, await write.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Who_takes_less_than_the_least_rate_is_ended_after_some_windows_and_who_takes_more_never()
    {
        Assert.Equal(PaceFault.TooSlow, await ReadAsync(0.5, 200));
        Assert.Null(await ReadAsync(1.1, 200));
    }

    [Fact]
    public async Task The_time_that_the_database_takes_is_not_the_clients()
    {
        var pace = new ReaderPace(_clock);
        for (var i = 0; i < 10; i++)
        {
            _clock.Advance(ReaderPace.Window * 2);
            Assert.Null(await pace.WriteAsync(_ => Task.CompletedTask, 1, default));
        }
    }

    [Fact]
    public async Task A_client_that_reads_for_too_long_is_ended_however_fast_it_reads()
    {
        var pace = new ReaderPace(_clock);
        Assert.Null(await pace.WriteAsync(_ => Task.CompletedTask, 1_000_000, default));
        _clock.Advance(ReaderPace.Longest - TimeSpan.FromSeconds(1));
        var write = pace.WriteAsync(token => Task.Delay(Timeout.Infinite, token), 1, default);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PaceFault.TooLong, await write.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(PaceFault.TooLong, await pace.WriteAsync(_ => Task.CompletedTask, 1, default));
    }

    [Fact]
    public async Task A_client_that_goes_away_is_not_too_slow()
    {
        using var gone = new CancellationTokenSource();
        var write = new ReaderPace(_clock).WriteAsync(token => Task.Delay(Timeout.Infinite, token), 1, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    [Fact]
    public async Task A_write_that_ends_without_a_word_once_its_time_is_up_and_its_connection_gone_is_too_slow()
    {
        using var gone = new CancellationTokenSource();
        var write = new ReaderPace(_clock).WriteAsync(
            async token =>
            {
                // As Kestrel does: it aborts the request, and the write returns.
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await gone.CancelAsync();
            },
            1, gone.Token);
        _clock.Advance(ReaderPace.Window);
        Assert.Equal(PaceFault.TooSlow, await write.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task A_write_whose_cancellation_is_reported_with_the_connection_gone_is_too_slow()
    {
        using var gone = new CancellationTokenSource();
        var write = new ReaderPace(_clock).WriteAsync(
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await gone.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
            1, gone.Token);
        _clock.Advance(ReaderPace.Window);
        Assert.Equal(PaceFault.TooSlow, await write.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task A_write_that_was_done_only_after_its_time_leaves_nothing_for_the_next()
    {
        // A busy machine: the timer comes late, and the write was done in the meantime.
        var pace = new ReaderPace(new LateTimers(_clock));
        Assert.Null(await pace.WriteAsync(
            _ =>
            {
                _clock.Advance(ReaderPace.Window * 2);
                return Task.CompletedTask;
            },
            1, default));
        Assert.Equal(PaceFault.TooSlow, await pace.WriteAsync(_ => Task.CompletedTask, 1, default));
    }

    [Fact]
    public void A_principal_runs_one_export_and_the_process_two()
    {
        var slots = new ExportSlots();
        Assert.Equal(ExportEntry.Entered, slots.Enter("alice"));
        Assert.Equal(ExportEntry.OneIsRunning, slots.Enter("ALICE"));
        Assert.Equal(ExportEntry.Entered, slots.Enter("bob"));
        Assert.Equal(ExportEntry.AllTaken, slots.Enter("carol"));
        slots.Leave("alice");
        Assert.Equal(ExportEntry.Entered, slots.Enter("carol"));
        Assert.Equal(ExportEntry.AllTaken, slots.Enter("alice"));
    }

    /// <summary>Its timers never fire.</summary>
    private sealed class LateTimers(FakeTimeProvider clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="share">Of the least rate.</param>
    private async Task<PaceFault?> ReadAsync(double share, int chunks)
    {
        var pace = new ReaderPace(_clock);
        for (var i = 0; i < chunks; i++)
        {
            var fault = await pace.WriteAsync(
                token =>
                {
                    _clock.Advance(TimeSpan.FromSeconds(1 / share));
                    token.ThrowIfCancellationRequested();
                    return Task.CompletedTask;
                },
                ReaderPace.MinOctetsPerSecond, default);
            if (fault is not null)
                return fault;
        }

        return null;
    }
}
