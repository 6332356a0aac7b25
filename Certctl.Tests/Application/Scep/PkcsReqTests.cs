using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

public sealed class PkcsReqTests
{
    [Fact]
    [Trait("Conformance", "S-M22")]
    public async Task Unreadable_content_is_answered_when_the_time_after_a_key_derivation_has_passed_and_not_before()
    {
        using var harness = new EnrolmentHarness();
        var derived = new TaskCompletionSource();
        var head = new ScepRequestHead
        {
            TransactionId = new TransactionId("T-1"),
            TransactionIdTag = 0x13,
            SenderNonce = new byte[16],
            MessageType = MessageType.PkcsReq,
            Signer = Signer(),
            Derived = derived.Task,
            DigestOid = "2.16.840.1.101.3.4.2.1",
            CipherOid = "2.16.840.1.101.3.4.1.2",
        };
        var answer = harness.SendAsync(
            new ScepDecoding.PkiMessage(head, new ScepContent.Refused(new(FailureReason.UnreadableContent, "wrong key"))));

        // Twenty times the floor that every such answer has.
        Assert.NotSame(answer, await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(500))));
        derived.SetResult();
        await answer.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_request_with_the_right_challenge_is_issued_and_journalled_with_its_audit_event()
    {
        using var harness = new EnrolmentHarness();
        var reply = await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());

        var success = Assert.IsType<ScepReply.Success>(reply);
        var entry = Assert.Single(harness.Journal.Committed);
        Assert.Equal(entry.Certificate!.Der, success.Certificate.ToArray());
        Assert.Equal(
            (AuditAction.ScepPkcsReq, AuditOutcome.Issued, "T-1"), (entry.Audit.Action, entry.Audit.Outcome, entry.Audit.TransactionId));
        Assert.Equal(EnrolmentState.Issued, entry.Enrolment.State);
        Assert.Equal(Now.AddHours(1), entry.Enrolment.HeldUntil);
    }

    [Theory]
    [InlineData("not the secret", "challenge_wrong")]
    [InlineData(null, "challenge_missing")]
    [InlineData("The current secret", "challenge_wrong")]
    [InlineData("the current secret ", "challenge_wrong")]
    public async Task Without_the_right_challenge_nothing_is_signed_and_the_refusal_is_on_record(string? challenge, string label)
    {
        using var harness = new EnrolmentHarness();
        var reply = await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: challenge));

        Assert.Equal(FailInfo.BadRequest, Assert.IsType<ScepReply.Failure>(reply).FailInfo);
        Assert.Equal(0, harness.Issuer.Signed);
        Assert.Empty(harness.Journal.Committed);
        Assert.Equal(label, Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task The_previous_challenge_is_accepted_during_rotation_and_the_journal_says_so()
    {
        using var harness = new EnrolmentHarness();
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: "the secret before")));
        Assert.Equal("previous", Assert.Single(harness.Journal.Committed).Enrolment.VouchedBy);
    }

    [Fact]
    public async Task A_self_signed_signer_with_another_key_than_the_request_is_refused()
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(keySeed: [2]), Request());
        Assert.Equal("signer_key_mismatch", Assert.Single(harness.Journal.Refusals).Reason);
        Assert.Equal(0, harness.Issuer.Signed);
    }

    [Fact]
    public async Task The_same_request_again_gets_the_same_certificate_and_a_changed_one_its_own()
    {
        using var harness = new EnrolmentHarness();
        var first = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        var again = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(), "T-2"));
        var other = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request("device-2")));

        Assert.Equal(first.Certificate.ToArray(), again.Certificate.ToArray());
        Assert.NotEqual(first.Certificate.ToArray(), other.Certificate.ToArray());
        Assert.Equal(2, harness.Journal.Committed.Count);
    }

    [Fact]
    public async Task A_profile_changed_under_way_is_read_again_and_judged_anew()
    {
        using var harness = new EnrolmentHarness();
        harness.Journal.Scripted.Enqueue(new Certctl.Application.Enrolments.Journal.JournalVerdict.ProfileChanged());
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.Equal(2, harness.Issuer.Signed);
        Assert.Single(harness.Journal.Committed);
    }

    [Fact]
    public async Task A_disabled_certificate_profile_refuses()
    {
        var disabled = new CertificateProfile
        {
            Id = "default",
            Name = "off",
            AllowedKeyAlgorithms = [new(Certctl.Domain.Certificates.KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            Enabled = false,
        };
        using var harness = new EnrolmentHarness(disabled);
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        Assert.Equal("profile_unavailable", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task An_unreadable_message_is_no_CertRep()
    {
        using var harness = new EnrolmentHarness();
        Assert.IsType<ScepAnswer.Unreadable>(await harness.SendAsync(new ScepDecoding.Unreadable("not CMS")));
    }
}
