using Certctl.Application.Publication.Ocsp;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication.Ocsp;

public sealed class EpochReadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeRevocations _store = new();
    private readonly FakeTimeProvider _clock = new(TestCa.Now);
    private readonly EpochReads _reads;

    public EpochReadsTests() => _reads = new EpochReads(_store, _clock);

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task A_request_that_comes_while_a_read_runs_shares_the_next_one()
    {
        var gate = Hold();
        var first = Read();
        await ReadsAreAsync(1);
        var late = Enumerable.Range(0, 1000).Select(_ => Read()).ToList();
        _store.Issue("01", "key", TestCa.Now);
        _store.Revoke("01", TestCa.Now);
        _store.Before = _ => Task.CompletedTask;
        gate.SetResult();

        await first.WaitAsync(Patience);
        Assert.All(await Task.WhenAll(late).WaitAsync(Patience), read => Assert.Equal(1, read.Epoch));
        Assert.Equal(2, _store.EpochReads);
    }

    [Fact]
    public async Task A_read_begins_after_it_was_asked_for()
    {
        var gate = Hold();
        var first = Read();
        await ReadsAreAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var asked = _clock.GetTimestamp();
        var second = Read();
        _clock.Advance(TimeSpan.FromSeconds(1));
        gate.SetResult();
        Assert.True((await first.WaitAsync(Patience)).BeganAt < asked);
        Assert.True((await second.WaitAsync(Patience)).BeganAt > asked);
    }

    [Fact]
    public async Task A_read_that_fails_fails_for_those_who_waited_for_it_and_the_next_is_another()
    {
        _store.Fault = FakeRevocations.Outage;
        await Assert.ThrowsAsync<Certctl.Infrastructure.Persistence.Availability.DatabaseUnavailableException>(Read);
        _store.Fault = null;
        Assert.Equal(0, (await Read()).Epoch);
    }

    [Fact]
    public async Task A_read_that_hangs_ends_after_its_deadline_and_holds_up_no_other()
    {
        Hold();
        var (first, second) = (Read(), (Task<EpochRead>?)null);
        await ReadsAreAsync(1);
        second = Read();
        _store.Before = _ => Task.CompletedTask;
        _clock.Advance(EpochReads.Deadline);
        await Assert.ThrowsAsync<TimeoutException>(() => first.WaitAsync(Patience));
        Assert.Equal(0, (await second.WaitAsync(Patience)).Epoch);
    }

    [Fact]
    public async Task A_request_that_gives_up_does_not_end_the_read_of_the_others()
    {
        var gate = Hold();
        using var gone = new CancellationTokenSource();
        var given = _reads.ReadAsync("iss-local", gone.Token);
        var kept = Read();
        await ReadsAreAsync(1);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(Patience));
        gate.SetResult();
        await kept.WaitAsync(Patience);
    }

    private Task<EpochRead> Read() => _reads.ReadAsync("iss-local", CancellationToken.None);

    private TaskCompletionSource Hold()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Before = _ => gate.Task;
        return gate;
    }

    private async Task ReadsAreAsync(int count)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (_store.EpochReads < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience);
            await Task.Yield();
        }
    }
}
