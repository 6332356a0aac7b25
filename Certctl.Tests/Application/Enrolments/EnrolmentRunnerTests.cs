using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Infrastructure.Compliance;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

public sealed class EnrolmentRunnerTests
{
    [Fact]
    public async Task A_refusal_by_a_codec_is_recorded_after_its_floor_and_logged_by_the_responder()
    {
        using var harness = new EnrolmentHarness();
        var log = new LogLines<EnrolmentRunnerTests>();
        var floor = new TaskCompletionSource();
        var request = new RequestDescription
        {
            Protocol = "EST",
            Policy = harness.Profile.Policy,
            Origin = new RequestOrigin("192.0.2.1", "r-1"),
            ReceivedAt = EnrolmentHarness.Now,
            Kind = "some_kind",
            Action = suffix => "plain" + suffix,
            TransactionId = null,
            StartedAt = harness.Process.GetTimestamp(),
            Span = null,
            Floor = () => floor.Task,
            Logger = log,
        };

        var failure = new EnrolmentFailure(FailureReason.UnreadableContent, "wrong key");
        var refusing = harness.Runner.RefuseAsync(failure, request, default);
        Assert.Empty(log.Lines);
        floor.SetResult();

        Assert.IsType<EnrolmentOutcome.Refused>(await refusing.WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal("Information: EST some_kind refused ", Assert.Single(log.Lines));
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Equal("est-client", refusal.Actor);
        Assert.Equal(
            ("plain", "corp", "unreadable_content", "wrong key"), (refusal.Action, refusal.PathId, refusal.Reason, refusal.Detail));
    }
}
