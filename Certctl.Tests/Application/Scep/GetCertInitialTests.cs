using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

public sealed class GetCertInitialTests
{
    private static readonly CertificateProfile Approval = new()
    {
        Id = "default",
        Name = "an operator decides",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        RequiresApproval = true,
    };

    [Fact]
    public async Task An_unknown_transaction_is_badCertId()
    {
        using var harness = new EnrolmentHarness();
        Assert.Equal(
            FailInfo.BadCertId,
            Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null)).FailInfo);
    }

    [Fact]
    public async Task A_poll_with_another_key_finds_nothing()
    {
        using var harness = new EnrolmentHarness(Approval);
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.Equal(
            FailInfo.BadCertId,
            Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(keySeed: [5]), null)).FailInfo);
    }

    [Fact]
    public async Task A_pending_request_waits_and_once_approved_is_issued_again_and_again()
    {
        using var harness = new EnrolmentHarness(Approval);
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        Assert.Equal(0, harness.Issuer.Signed);

        Decide(harness, approved: true);
        var first = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        var second = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        Assert.Equal(first.Certificate.ToArray(), second.Certificate.ToArray());
        Assert.Equal(1, harness.Issuer.Signed);
    }

    [Fact]
    public async Task A_denied_request_is_badRequest_and_an_undecided_one_lapses_to_badCertId()
    {
        using var harness = new EnrolmentHarness(Approval);
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        harness.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal(
            FailInfo.BadCertId,
            Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null)).FailInfo);

        Decide(harness, approved: false);
        Assert.Equal(
            FailInfo.BadRequest,
            Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null)).FailInfo);
    }

    private static void Decide(EnrolmentHarness harness, bool approved) =>
        harness.Journal.Decide(harness.Journal.Enrolments.Values.Single().Enrolment.Decided(approved, "alice", Now));
}
