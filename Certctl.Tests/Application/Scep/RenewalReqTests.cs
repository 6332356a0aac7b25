using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

public sealed class RenewalReqTests
{
    [Fact]
    public async Task A_valid_certificate_of_ours_renews_without_a_challenge()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null, keySeed: [7])));

        var entry = harness.Journal.Committed[^1];
        Assert.Equal(
            (AuditAction.ScepRenewalReq, ChallengeKind.Renewal, old.SerialNumber),
            (entry.Audit.Action, entry.Enrolment.ChallengeKind, entry.Enrolment.VouchedBy));
    }

    [Fact]
    public async Task A_PKCSReq_signed_by_a_certificate_of_ours_without_challenge_is_a_renewal_too()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.PkcsReq, Signer(of: old), Request(challenge: null, keySeed: [7])));
        Assert.Equal(ChallengeKind.Renewal, harness.Journal.Committed[^1].Enrolment.ChallengeKind);
    }

    [Fact]
    public async Task A_wrong_challenge_in_a_renewal_refuses_it()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: "guess"));
        Assert.Equal("challenge_wrong", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_self_signed_signer_never_renews_whatever_names_it_copies()
    {
        using var harness = new EnrolmentHarness();
        await EnrolledAsync(harness);
        await harness.SendAsync(MessageType.RenewalReq, Signer(), Request(challenge: null));
        Assert.Equal("renewal_signer_unknown", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_certificate_with_a_known_serial_but_other_octets_does_not_renew()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        var forged = new RequestSigner
        {
            CertificateDer = new byte[] { 1, 2, 3 },
            Subject = Signer(of: old).Subject,
            Issuer = Signer(of: old).Issuer,
            SerialNumber = Convert.FromHexString(old.SerialNumber),
            PublicKey = Signer().PublicKey,
            NotBefore = Now,
            NotAfter = Now.AddDays(1),
        };
        await harness.SendAsync(MessageType.RenewalReq, forged, Request(challenge: null));
        Assert.Equal("renewal_signer_unknown", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_revoked_certificate_does_not_renew()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        old.Revoke(RevocationReason.KeyCompromise, Now);
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null));
        Assert.Equal("renewal_signer_revoked", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task An_expired_certificate_does_not_renew()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness);
        harness.Clock.SetUtcNow(old.NotAfter);
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(challenge: null));
        Assert.Equal("renewal_signer_expired", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Theory]
    [InlineData("device-2", "a.example")]
    [InlineData("device-1", "b.example")]
    [InlineData("device-1", null)]
    public async Task Another_subject_or_other_SANs_are_refused(string commonName, string? dns)
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness, "a.example");
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request(commonName, null, null, dns is null ? [] : [dns]));
        Assert.Equal("renewal_name_changed", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task The_same_names_in_another_case_of_DNS_renew()
    {
        using var harness = new EnrolmentHarness();
        var old = await EnrolledAsync(harness, "a.example");
        Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), Request("device-1", null, null, "A.example")));
    }

    private static async Task<IssuedCertificate> EnrolledAsync(EnrolmentHarness harness, params string[] dnsNames)
    {
        Assert.IsType<ScepReply.Success>(
            await harness.SendAsync(MessageType.PkcsReq, Signer(), Request("device-1", "the current secret", null, dnsNames)));
        return harness.Journal.Committed[^1].Certificate!;
    }
}
