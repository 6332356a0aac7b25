using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// What a certificate profile says about renewals: when, with which key, how long after the end, and what a wait changes.
/// </summary>
public sealed class RenewalPolicyTests
{
    private static readonly byte[] FreshKey = [7];

    // Leaves live from five minutes before Now to 90 days after.
    [Theory]
    [InlineData(30, 0, 59, "renewal_too_early")]
    [InlineData(30, 0, 60, null)]
    [InlineData(0, 10, 80, "renewal_too_early")]
    [InlineData(0, 10, 81, null)]
    [InlineData(0, 0, 0, null)]
    [Trait("Conformance", "S-R14")]
    public async Task The_window_opens_so_many_days_or_such_a_share_of_its_life_before_the_end(
        int days, int percent, int after, string? reason)
    {
        using var harness = new EnrolmentHarness(Profile(windowDays: days, windowPercent: percent));
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(Now.AddDays(after));
        await MustAnswerAsync(harness, reason, MessageType.RenewalReq, old, challenge: null);
    }

    [Theory]
    [InlineData(MessageType.RenewalReq)]
    [InlineData(MessageType.PkcsReq)]
    [Trait("Conformance", "S-R11")]
    public async Task A_profile_that_wants_a_new_key_refuses_the_old_one(MessageType type)
    {
        using var harness = new EnrolmentHarness(Profile(newKey: true));
        var old = await EnrolledAsync(harness);
        await harness.SendAsync(type, Signer(of: old), Request(challenge: null));
        Assert.Equal("renewal_key_reused", Assert.Single(harness.Journal.Refusals).Reason);
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(type, Signer(of: old), Request(challenge: null, keySeed: FreshKey)));
    }

    [Theory]
    [InlineData(MessageType.RenewalReq, "the current secret", 2, null)]
    [InlineData(MessageType.PkcsReq, "the current secret", 2, null)]
    [InlineData(MessageType.RenewalReq, null, 2, "renewal_signer_expired")]
    [InlineData(MessageType.PkcsReq, null, 2, "renewal_signer_expired")]
    [InlineData(MessageType.RenewalReq, "a guess", 2, "challenge_wrong")]
    [InlineData(MessageType.PkcsReq, "a guess", 2, "challenge_wrong")]
    [InlineData(MessageType.RenewalReq, "the current secret", 3, "renewal_signer_expired")]
    [InlineData(MessageType.PkcsReq, "the current secret", 3, "renewal_signer_expired")]
    public async Task Within_the_grace_an_ended_certificate_renews_with_the_challenge(
        MessageType type, string? challenge, int daysAfterTheEnd, string? reason)
    {
        using var harness = new EnrolmentHarness(Profile(graceDays: 3));
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(old.NotAfter.AddDays(daysAfterTheEnd));
        await MustAnswerAsync(harness, reason, type, old, challenge);
    }

    [Theory]
    [InlineData(MessageType.RenewalReq)]
    [InlineData(MessageType.PkcsReq)]
    public async Task Without_grace_the_challenge_does_not_help_an_ended_certificate(MessageType type)
    {
        using var harness = new EnrolmentHarness(Profile());
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(old.NotAfter);
        await MustAnswerAsync(harness, "renewal_signer_expired", type, old, "the current secret");
    }

    [Fact]
    public async Task Within_the_grace_the_name_must_stay()
    {
        using var harness = new EnrolmentHarness(Profile(graceDays: 3));
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(old.NotAfter);
        await harness.SendAsync(MessageType.PkcsReq, Signer(of: old), Request("device-2", keySeed: FreshKey));
        Assert.Equal("renewal_name_changed", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_valid_certificate_and_the_challenge_are_a_new_enrolment_that_no_window_closes()
    {
        using var harness = new EnrolmentHarness(Profile(windowDays: 1));
        var old = await EnrolledAsync(harness);
        Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.PkcsReq, Signer(of: old), Request("device-2", keySeed: FreshKey)));
        Assert.Equal(ChallengeKind.Static, harness.Journal.Committed[^1].Enrolment.ChallengeKind);
    }

    [Theory]
    [InlineData(true, "renewal_signer_revoked")]
    [InlineData(false, null)]
    public async Task An_approved_renewal_is_issued_although_its_signer_has_ended_but_not_when_it_was_revoked(bool revoked, string? reason)
    {
        using var harness = new EnrolmentHarness(Profile());
        var old = await EnrolledAsync(harness);
        await harness.Profiles.SaveAsync(Profile(approval: true), 1, null!, default);
        harness.Clock.SetUtcNow(old.NotAfter.AddDays(-1));
        Assert.IsType<ScepReply.Pending>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null, keySeed: FreshKey), "T-2"));
        var pending = harness.Journal.Enrolments.Values.Single(stored => stored.Enrolment.State == EnrolmentState.Pending).Enrolment;
        harness.Journal.Decide(pending.Decided(approved: true, "olga", old.NotAfter.AddDays(-1)));
        if (revoked)
            old.Revoke(RevocationReason.Superseded, old.NotAfter.AddDays(-1));

        harness.Clock.SetUtcNow(old.NotAfter.AddDays(1));
        var reply = await harness.SendAsync(MessageType.GetCertInitial, Signer(of: old), null, "T-2");
        Assert.Equal(reason, harness.Journal.Refusals.SingleOrDefault()?.Reason);
        Assert.Equal(reason is null, reply is ScepReply.Success);
    }

    [Fact]
    [Trait("Conformance", "S-S8")]
    public async Task A_renewal_that_is_repeated_after_its_signer_has_ended_gets_what_it_got()
    {
        using var harness = new EnrolmentHarness(Profile());
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(old.NotAfter.AddMinutes(-5));
        var first = Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null, keySeed: FreshKey)));

        harness.Clock.SetUtcNow(old.NotAfter.AddMinutes(5));
        var again = Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null, keySeed: FreshKey)));
        Assert.Equal(first.Certificate.ToArray(), again.Certificate.ToArray());

        // The same signer with another request is refused.
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null, keySeed: [8]));
        Assert.Equal("renewal_signer_expired", Assert.Single(harness.Journal.Refusals).Reason);
    }

    private static async Task MustAnswerAsync(
        EnrolmentHarness harness, string? reason, MessageType type, IssuedCertificate old, string? challenge)
    {
        var reply = await harness.SendAsync(type, Signer(of: old), Request(challenge: challenge, keySeed: FreshKey));
        Assert.Equal(reason, harness.Journal.Refusals.SingleOrDefault()?.Reason);
        Assert.Equal(reason is null, reply is ScepReply.Success);
    }

    private static async Task<IssuedCertificate> EnrolledAsync(EnrolmentHarness harness)
    {
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        return harness.Journal.Committed[^1].Certificate!;
    }

    private static CertificateProfile Profile(
        int windowDays = 0, int windowPercent = 0, int graceDays = 0, bool newKey = false, bool approval = false) => new()
        {
            Id = CertificateProfile.DefaultId,
            Name = "renewals",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            RenewalWindowDays = windowDays,
            RenewalWindowPercent = windowPercent,
            RenewalGraceDays = graceDays,
            RenewalRequiresNewKey = newKey,
            RequiresApproval = approval,
        };
}
