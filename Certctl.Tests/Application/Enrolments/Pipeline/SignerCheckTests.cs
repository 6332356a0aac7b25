using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Enrolments.Pipeline;

/// <summary>RFC 8894 §2.3 asks another signer of each kind of request.</summary>
public sealed class SignerCheckTests
{
    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, false, FailureReason.SignerKeyMismatch)]
    [InlineData(EnrolmentKind.PkcsReq, true, null)]
    [InlineData(EnrolmentKind.RenewalReq, false, FailureReason.RenewalSignerUnknown)]
    [InlineData(EnrolmentKind.RenewalReq, true, FailureReason.RenewalSignerUnknown)]
    public async Task A_self_signed_signer_may_enrol_its_own_key_and_never_renews(EnrolmentKind kind, bool sameKey, FailureReason? reason)
    {
        using var harness = new EnrolmentHarness();
        var (refused, context) = await CheckAsync(harness, kind, Signer(keySeed: sameKey ? [1] : [2]), Request());
        Assert.Equal((reason, reason), (refused?.Reason, context.Signer.Failure?.Reason));
    }

    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, "the current secret", FailureReason.SignerKeyMismatch)]
    [InlineData(EnrolmentKind.PkcsReq, null, FailureReason.RenewalSignerUnknown)]
    [InlineData(EnrolmentKind.RenewalReq, "the current secret", FailureReason.RenewalSignerUnknown)]
    public async Task An_unknown_signer_is_judged_here_and_refused_after_the_challenge(
        EnrolmentKind kind, string? challenge, FailureReason reason)
    {
        using var harness = new EnrolmentHarness();
        var stranger = Signer(keySeed: [2], issuer: "another CA");
        var (refused, context) = await CheckAsync(harness, kind, stranger, Request(challenge: challenge));
        Assert.Null(refused);
        Assert.Equal(reason, context.Signer.Failure?.Reason);

        var type = kind == EnrolmentKind.PkcsReq ? MessageType.PkcsReq : MessageType.RenewalReq;
        await harness.SendAsync(type, stranger, Request(challenge: challenge));
        Assert.Equal(FailureTable.Of(reason).Label, harness.Journal.Refusals[^1].Reason);
    }

    [Fact]
    public async Task A_wrong_challenge_is_told_before_an_unknown_signer()
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(keySeed: [2], issuer: "another CA"), Request(challenge: "guess"));
        Assert.Equal("challenge_wrong", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task An_unknown_signer_of_a_renewal_is_told_before_a_wrong_secret()
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.RenewalReq, Signer(keySeed: [2], issuer: "another CA"), Request(challenge: "guess"));
        Assert.Equal("renewal_signer_unknown", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_renewal_that_has_its_answer_gets_it_again_although_its_secret_was_exchanged_since()
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var old = harness.Journal.Committed[^1].Certificate!;
        var renewal = Request(keySeed: [7]);
        var first = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), renewal));
        old.Revoke(RevocationReason.Superseded, Now);
        harness.Profile.Policy.Find<StaticChallengeValidator>()!.Exchange(new Secret("another secret"), null);

        var again = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), renewal));
        Assert.Equal(first.Certificate.ToArray(), again.Certificate.ToArray());
    }

    [Fact]
    public async Task A_certificate_of_ours_may_sign_and_one_that_was_revoked_may_not()
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var ours = harness.Journal.Committed[^1].Certificate!;
        var (_, good) = await CheckAsync(harness, EnrolmentKind.PkcsReq, Signer(of: ours), Request(keySeed: [7]));
        Assert.Equal(new JudgedSigner(ours), good.Signer);

        ours.Revoke(RevocationReason.KeyCompromise, Now);
        var (refused, revoked) = await CheckAsync(harness, EnrolmentKind.PkcsReq, Signer(of: ours), Request(keySeed: [7]));
        Assert.Null(refused);
        Assert.Equal(FailureReason.RenewalSignerRevoked, revoked.Signer.Failure?.Reason);
    }

    private static async Task<(EnrolmentFailure? Refused, EnrolmentContext Context)> CheckAsync(
        EnrolmentHarness harness, EnrolmentKind kind, RequestSigner signer, CertificateSigningRequest csr)
    {
        var context = new EnrolmentContext
        {
            Policy = harness.Profile.Policy,
            Protocol = ScepProtocol.Name,
            TransactionId = new TransactionId("T-1"),
            Requester = signer,
            Origin = new RequestOrigin(null, "r-1"),
            ReceivedAt = Now,
        };
        EnrolmentOutcome passed = new EnrolmentOutcome.Pending(Guid.Empty);
        var outcome = await new SignerCheck<IssuanceCommand, EnrolmentOutcome>(harness.Journal).Handle(
            new IssuanceCommand(context, csr, kind), CancellationToken.None, () => Task.FromResult(passed));
        return ((outcome as EnrolmentOutcome.Refused)?.Failure, context);
    }
}
