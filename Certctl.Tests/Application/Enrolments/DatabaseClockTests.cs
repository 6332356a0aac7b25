using Certctl.Application.Enrolments.Journal;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

public sealed class DatabaseClockTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private readonly Process _process = new() { Wall = Now.AddHours(3) };
    private readonly DatabaseClock _clock;
    private DateTimeOffset _database = Now;
    private int _asked;

    public DatabaseClockTests() => _clock = new DatabaseClock(
        _ =>
        {
            _asked++;
            return Task.FromResult(_database);
        },
        _process);

    [Fact]
    public async Task The_time_is_the_databases_and_the_difference_is_known()
    {
        Assert.Null(_clock.Difference);
        Assert.Equal(Now, await _clock.NowAsync(default));
        Assert.Equal(TimeSpan.FromHours(3), _clock.Difference);
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_changes_the_difference_at_once_and_the_time_not_at_all()
    {
        await _clock.NowAsync(default);
        _process.Wall = Now.AddDays(-1);
        Assert.Equal(Now, await _clock.NowAsync(default));
        Assert.Equal(TimeSpan.FromDays(-1), _clock.Difference);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task The_database_is_asked_every_ten_seconds_and_whenever_the_moment_matters()
    {
        await _clock.NowAsync(default);
        _process.Pass(TimeSpan.FromSeconds(9.9));
        Assert.Equal(Now.AddSeconds(9.9), await _clock.NowAsync(default));
        Assert.Equal(1, _asked);
        _database = Now.AddSeconds(7);
        _process.Pass(TimeSpan.FromSeconds(0.1));
        Assert.Equal(Now.AddSeconds(7), await _clock.NowAsync(default));
        Assert.Equal(2, _asked);
        Assert.Equal(Now.AddSeconds(7), await _clock.ReadAsync(default));
        Assert.Equal(3, _asked);
    }

    [Fact]
    public async Task A_database_without_a_clock_has_the_process_s_and_no_difference()
    {
        var clock = new DatabaseClock(ask: null, _process);
        Assert.Equal(_process.Wall, await clock.NowAsync(default));
        Assert.Equal(_process.Wall, await clock.ReadAsync(default));
        Assert.Null(clock.Difference);
    }

    private sealed class Process : TimeProvider
    {
        private long _ticks;

        public DateTimeOffset Wall { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => _ticks;

        public void Pass(TimeSpan time)
        {
            _ticks += time.Ticks;
            Wall += time;
        }
    }
}
