using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Admin.Jobs;

public sealed class JobRunnerTests
{
    private static readonly JobTimes Times = JobTimes.Default with { MinPause = TimeSpan.Zero };

    private readonly FakeTimeProvider _clock = new();
    private readonly IJobStore _store = Substitute.For<IJobStore>();
    private readonly JobRunner _runner;

    public JobRunnerTests()
    {
        _runner = new JobRunner(_store, Times, _clock);
        _store.EndAsync(default, default, default, default, default!, default).ReturnsForAnyArgs(true);
        _store.TakeAsync(default!, default, default).ReturnsForAnyArgs(Lease(7), (JobLease?)null);
    }

    [Fact]
    public async Task A_job_is_run_slice_by_slice_until_one_is_not_full_also_over_a_race()
    {
        Slices(
            new SliceVerdict.Committed(Times.Slice), new SliceVerdict.Raced(), new SliceVerdict.Committed(Times.Slice),
            new SliceVerdict.Committed(0));
        Assert.Equal(1, await _runner.LookAsync(default));
        Assert.Equal(4, Ran());
        await Ended(JobState.Done, null);
    }

    [Fact]
    public async Task Between_two_slices_others_have_as_long_as_a_slice_takes_and_not_more_than_a_second()
    {
        foreach (var (took, pause) in new[] { (0, 100), (400, 400), (5000, 1000) })
        {
            var runner = new JobRunner(_store, JobTimes.Default, _clock);
            _store.TakeAsync(default!, default, default).ReturnsForAnyArgs(Lease(7), (JobLease?)null);
            var slices = 0;
            _store.RunSliceAsync(default!, default, default, default!, default).ReturnsForAnyArgs(_ =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(took));
                return new SliceVerdict.Committed(slices++ == 0 ? Times.Slice : 0);
            });
            var look = runner.LookAsync(default);
            _clock.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.Equal(1, slices);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            await look.WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(2, slices);
        }
    }

    [Fact]
    public async Task What_the_database_refuses_ends_the_job_as_failed()
    {
        Slices(new SliceVerdict.Committed(Times.Slice), new SliceVerdict.Refused("no room"));
        Assert.Equal(1, await _runner.LookAsync(default));
        await Ended(JobState.Failed, "no room");
    }

    [Fact]
    public async Task A_job_that_another_process_runs_or_that_was_cancelled_is_left()
    {
        Slices(new SliceVerdict.Committed(Times.Slice), new SliceVerdict.Lost());
        Assert.Equal(0, await _runner.LookAsync(default));
        Assert.Equal(2, Ran());
        await _store.DidNotReceiveWithAnyArgs().EndAsync(default, default, default, default, default!, default);
    }

    [Fact]
    public async Task An_outage_leaves_the_job_as_it_is_and_the_next_look_takes_it_up_as_the_same_holder()
    {
        _store.TakeAsync(default!, default, default).ReturnsForAnyArgs(Lease(7), Lease(8), null);
        _store.RunSliceAsync(default!, default, default, default!, default).ReturnsForAnyArgs(
            _ => throw FakeRevocations.Outage, _ => new SliceVerdict.Committed(1));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => _runner.LookAsync(default));
        await _store.DidNotReceiveWithAnyArgs().EndAsync(default, default, default, default, default!, default);
        Assert.Equal(1, await _runner.LookAsync(default));
        Assert.Single(_store.ReceivedCalls().Where(call => call.GetMethodInfo().Name == nameof(IJobStore.TakeAsync))
            .Select(call => call.GetArguments()[0]).Distinct());
        await _store.Received(1).EndAsync(
            Arg.Any<Guid>(), 8, JobState.Done, null, Arg.Any<Func<RevocationJob, AuditEvent>>(), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task What_ended_long_ago_is_removed_once_an_hour()
    {
        _store.TakeAsync(default!, default, default).ReturnsForAnyArgs((JobLease?)null);
        await _runner.LookAsync(default);
        _clock.Advance(Times.Sweep - TimeSpan.FromSeconds(1));
        await _runner.LookAsync(default);
        await _store.Received(1).SweepAsync(TimeSpan.FromDays(30), Arg.Any<CancellationToken>());
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _runner.LookAsync(default);
        await _store.Received(2).SweepAsync(TimeSpan.FromDays(30), Arg.Any<CancellationToken>());
    }

    private static JobLease Lease(long fence) => new(
        new RevocationJob
        {
            Id = new Guid("019a4392-1b24-7d71-bf50-718293a4b5c6"),
            Criteria = new RevocationCriteria(new CertificateFilter { IssuerId = "iss-local" }, null),
            Reason = RevocationReason.Superseded,
            Note = "",
            Caller = new AdminCaller("alice", "REST API"),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Matched = 3,
        },
        "holder", fence);

    private void Slices(params SliceVerdict[] verdicts) =>
        _store.RunSliceAsync(default!, default, default, default!, default).ReturnsForAnyArgs(verdicts[0], verdicts[1..]);

    private int Ran() => _store.ReceivedCalls().Count(call => call.GetMethodInfo().Name == nameof(IJobStore.RunSliceAsync));

    private Task<bool> Ended(JobState state, string? error) => _store.Received(1).EndAsync(
        Arg.Any<Guid>(), 7, state, error, Arg.Any<Func<RevocationJob, AuditEvent>>(), Arg.Any<CancellationToken>());
}
