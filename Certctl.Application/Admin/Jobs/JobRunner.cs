using Certctl.Application.Admin.Certificates;

namespace Certctl.Application.Admin.Jobs;

/// <summary>
/// Runs bulk revocations, one after the other, each under a lease in the database: one process runs a job, and another one takes it over
/// where it stands when that process is silent (ADR 44).
/// </summary>
public sealed class JobRunner(IJobStore store, JobTimes times, TimeProvider process)
{
    private readonly string _holder = Guid.NewGuid().ToString("N");
    private long? _sweptAt;

    /// <summary>Runs what is to be run, and removes what has been kept for long enough.</summary>
    /// <returns>How many jobs came to their end.</returns>
    public async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        var ended = 0;
        while (await store.TakeAsync(_holder, times.Lease, cancellationToken) is { } lease)
        {
            if (await RunAsync(lease, cancellationToken))
                ended++;
        }

        if (_sweptAt is not { } last || process.GetElapsedTime(last) >= times.Sweep)
        {
            await store.SweepAsync(times.Kept, cancellationToken);
            _sweptAt = process.GetTimestamp();
        }

        return ended;
    }

    // An outage of the database is the caller's: the job stays as it is, and the next look takes it up again.
    private async Task<bool> RunAsync(JobLease lease, CancellationToken cancellationToken)
    {
        var job = lease.Job;
        for (TimeSpan took = default, pause = default; ; pause = Pause(took))
        {
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, process, cancellationToken);
            var started = process.GetTimestamp();
            var slice = await store.RunSliceAsync(
                lease, times.Slice, times.Lease, (certificate, now) => RevocationTrail.RevokedByJob(job, certificate, now),
                    cancellationToken);
            took = process.GetElapsedTime(started);
            switch (slice)
            {
                case SliceVerdict.Committed(var examined) when examined < times.Slice:
                    return await EndAsync(lease, JobState.Done, null, cancellationToken);
                case SliceVerdict.Committed or SliceVerdict.Raced:
                    continue;
                case SliceVerdict.Refused(var error):
                    return await EndAsync(lease, JobState.Failed, error, cancellationToken);
                default:
                    return false;
            }
        }
    }

    private TimeSpan Pause(TimeSpan took) => took < times.MinPause ? times.MinPause : took > times.MaxPause ? times.MaxPause : took;

    private Task<bool> EndAsync(JobLease lease, JobState state, string? error, CancellationToken cancellationToken) =>
        store.EndAsync(
            lease.Job.Id, lease.Fence, state, error, ended => RevocationTrail.JobEnded(ended, ended.Caller), cancellationToken);
}
