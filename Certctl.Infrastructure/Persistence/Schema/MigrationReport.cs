using System.Globalization;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// Tells the operator what a migration does and waits for, while it lasts. Without a listener it tells nothing and asks nothing.
/// </summary>
internal sealed class MigrationReport(IProgress<MigrationNotice>? listener, NoticePace pace)
{
    // The system's clock, also where a test turns another one: it decides about nothing but lines of text.
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Says it at once.</summary>
    public void Say(bool waits, string text) => listener?.Report(new MigrationNotice(waits, text));

    /// <summary>Awaits <paramref name="work"/>, however long it takes, and says from time to time what it is busy with.</summary>
    /// <param name="describe">What to say; it may take its time, for the work does not wait for it.</param>
    public async Task<T> WhileAsync<T>(
        Task<T> work, Func<CancellationToken, Task<MigrationNotice>> describe, CancellationToken cancellationToken)
    {
        if (listener is null)
            return await work;
        var elapsed = Start();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var telling = TellAsync(elapsed, describe, ended.Token);
        try
        {
            return await work;
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    /// <summary>A stopwatch for something that is polled; it says when a notice is due.</summary>
    public Elapsed Start() => new(pace, Clock.GetTimestamp());

    private async Task TellAsync(Elapsed elapsed, Func<CancellationToken, Task<MigrationNotice>> describe, CancellationToken ended)
    {
        while (true)
        {
            // Nearly every piece of work ends before a notice is due: no exception for that.
            await Task.Delay(elapsed.UntilDue, Clock, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
                return;
            try
            {
                var notice = await describe(ended);
                elapsed.Told();
                listener!.Report(notice with { Text = $"{notice.Text} ({elapsed})" });
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>How long something lasts, and when the next notice about it is due.</summary>
    internal sealed class Elapsed(NoticePace pace, long started)
    {
        private TimeSpan _due = pace.First;

        public TimeSpan Time => Clock.GetElapsedTime(started);

        public bool IsDue => Time >= _due;

        public TimeSpan UntilDue => _due - Time is { Ticks: > 0 } rest ? rest : TimeSpan.Zero;

        /// <summary>True when a notice has been given.</summary>
        public bool HasTold { get; private set; }

        public void Told()
        {
            HasTold = true;
            _due = Time + pace.Period;
        }

        public override string ToString() => Time switch
        {
            { TotalMinutes: < 2 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
            var time => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalMinutes):0} min {time.Seconds} s"),
        };
    }
}
