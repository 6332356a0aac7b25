using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// RFC 8894 §2.5 for devices that keep their key: one PKCS#10, octet for octet, is a first request, its repetition, or a renewal (ADR 7).
/// </summary>
public sealed class RenewalRetryTests
{
    /// <summary>RFC 8894 §2.5 and the way of Apple, Cisco, sscep and jscep.</summary>
    public static TheoryData<MessageType> WaysToRenew => [MessageType.RenewalReq, MessageType.PkcsReq];

    [Theory]
    [MemberData(nameof(WaysToRenew))]
    public async Task A_renewal_with_the_octets_of_the_first_request_gets_a_certificate_of_its_own_and_again_the_same(MessageType type)
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        var renewed = await EnrolAsync(harness, type, Signer(of: first));
        Assert.NotEqual(first.SerialNumber, renewed.SerialNumber);
        Assert.Equal(renewed.SerialNumber, (await EnrolAsync(harness, type, Signer(of: first))).SerialNumber);

        // And the renewal of the renewal.
        var next = await EnrolAsync(harness, type, Signer(of: renewed));
        Assert.Equal(3, new[] { first, renewed, next }.DistinctBy(certificate => certificate.SerialNumber).Count());
        Assert.Equal(next.SerialNumber, (await EnrolAsync(harness, type, Signer(of: renewed))).SerialNumber);
        Assert.Equal(renewed.SerialNumber, (await EnrolAsync(harness, type, Signer(of: first))).SerialNumber);
    }

    [Fact]
    public async Task A_first_request_is_known_by_its_key_whatever_throw_away_certificate_signs_it()
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        foreach (var signer in new[]
        {
            ThrowAway("device-1", "device-1", 2),
            ThrowAway("another name", "another name", 3),
            ThrowAway("device-1", "some tool", 4),
        })
            Assert.Equal(first.SerialNumber, (await EnrolAsync(harness, signer: signer)).SerialNumber);
        Assert.Single(harness.Journal.Committed);
    }

    [Fact]
    public async Task A_certificate_of_ours_that_has_been_used_as_signer_counts_by_its_octets_also_with_a_challenge()
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        var other = await EnrolAsync(harness, MessageType.PkcsReq, Signer(keySeed: [7]), Request(keySeed: [7]));

        // One request, by two certificates: two requesters.
        var (one, two) = (
            await EnrolAsync(harness, signer: Signer(of: first), csr: Request("third")),
            await EnrolAsync(harness, signer: Signer([7], of: other), csr: Request("third")));
        Assert.NotEqual(one.SerialNumber, two.SerialNumber);
        Assert.Equal(one.SerialNumber, (await EnrolAsync(harness, signer: Signer(of: first), csr: Request("third"))).SerialNumber);
    }

    [Theory]
    [MemberData(nameof(WaysToRenew))]
    public async Task An_answer_that_has_ended_is_none(MessageType type)
    {
        using var harness = new EnrolmentHarness(Profile(ttl: TimeSpan.FromMinutes(1)));
        var first = await EnrolAsync(harness);
        Assert.Equal(first.NotAfter, harness.Journal.Committed[^1].Enrolment.HeldUntil);
        var renewed = await EnrolAsync(harness, type, Signer(of: first));
        harness.Clock.Advance(TimeSpan.FromMinutes(1));
        var again = await EnrolAsync(harness);
        Assert.NotEqual(first.SerialNumber, again.SerialNumber);
        Assert.NotEqual(renewed.SerialNumber, again.SerialNumber);
    }

    [Theory]
    [MemberData(nameof(WaysToRenew))]
    public async Task Certificates_of_sixty_seconds_renew_one_another_and_none_that_has_ended_is_an_answer(MessageType type)
    {
        using var harness = new EnrolmentHarness(Profile(ttl: TimeSpan.FromMinutes(1)));
        var first = await EnrolAsync(harness);
        harness.Clock.Advance(TimeSpan.FromSeconds(30));
        var renewed = await EnrolAsync(harness, type, Signer(of: first), Request(challenge: null));
        Assert.Equal(renewed.SerialNumber, (await EnrolAsync(harness, type, Signer(of: first), Request(challenge: null))).SerialNumber);

        // The first one has ended: its renewal is no answer to it any more, though that is still valid (a minute of margin).
        harness.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(type, Signer(of: first), Request(challenge: null)));
        var third = await EnrolAsync(harness, type, Signer(of: renewed), Request(challenge: null));
        Assert.Equal(3, new[] { first, renewed, third }.DistinctBy(certificate => certificate.SerialNumber).Count());

        harness.Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var ended in new[] { first, renewed, third })
            Assert.IsType<ScepReply.Failure>(await harness.SendAsync(type, Signer(of: ended), Request(challenge: null)));
        Assert.All(harness.Journal.Refusals, refusal => Assert.Equal("renewal_signer_expired", refusal.Reason));
        Assert.Equal(3, harness.Journal.Committed.Count);
    }

    [Theory]
    [InlineData(MessageType.RenewalReq, RevocationReason.KeyCompromise)]
    [InlineData(MessageType.RenewalReq, RevocationReason.Superseded)]
    [InlineData(MessageType.PkcsReq, RevocationReason.Superseded)]
    public async Task A_renewal_whose_answer_was_revoked_gets_another_while_its_signer_is_good(MessageType type, RevocationReason reason)
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        var renewed = await EnrolAsync(harness, type, Signer(of: first));
        renewed.Revoke(reason, Now);
        var another = await EnrolAsync(harness, type, Signer(of: first));
        Assert.NotEqual(renewed.SerialNumber, another.SerialNumber);
        Assert.Equal(another.SerialNumber, (await EnrolAsync(harness, type, Signer(of: first))).SerialNumber);
    }

    [Fact]
    public async Task A_renewal_whose_answers_are_revoked_again_and_again_is_refused_in_the_end()
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        for (var i = 0; i < 3; i++)
            (await EnrolAsync(harness, MessageType.RenewalReq, Signer(of: first))).Revoke(RevocationReason.KeyCompromise, Now);
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request()));
        Assert.Equal("certificate_revoked", harness.Journal.Refusals[^1].Reason);
    }

    [Fact]
    public async Task A_first_request_whose_certificate_was_revoked_brings_no_other()
    {
        using var harness = new EnrolmentHarness();
        (await EnrolAsync(harness)).Revoke(RevocationReason.KeyCompromise, Now);
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        Assert.Equal("certificate_revoked", Assert.Single(harness.Journal.Refusals).Reason);
    }

    [Fact]
    public async Task A_superseded_signer_is_not_answered_with_what_is_superseded_itself_nor_with_a_new_one()
    {
        using var harness = new EnrolmentHarness();
        var first = await EnrolAsync(harness);
        var renewed = await EnrolAsync(harness, MessageType.RenewalReq, Signer(of: first));
        first.Revoke(RevocationReason.Superseded, Now);
        Assert.Equal(renewed.SerialNumber, (await EnrolAsync(harness, MessageType.RenewalReq, Signer(of: first))).SerialNumber);
        renewed.Revoke(RevocationReason.Superseded, Now);
        await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request());
        Assert.Equal("renewal_signer_revoked", Assert.Single(harness.Journal.Refusals).Reason);
        Assert.Equal(2, harness.Journal.Committed.Count);
    }

    [Fact]
    public async Task The_answer_to_a_renewal_is_held_until_it_is_due_for_renewal_itself()
    {
        using var harness = new EnrolmentHarness(Profile(ttl: TimeSpan.FromMinutes(40), windowPercent: 50));
        var first = await EnrolAsync(harness);
        harness.Clock.Advance(TimeSpan.FromMinutes(30));
        var renewed = await EnrolAsync(harness, MessageType.RenewalReq, Signer(of: first));
        var opens = renewed.NotAfter - ((renewed.NotAfter - renewed.NotBefore) / 2);
        Assert.Equal(opens, harness.Journal.Committed[^1].Enrolment.HeldUntil);

        // The first certificate has no signer that waits for a renewal: it is held to its end.
        Assert.Equal(first.NotAfter, harness.Journal.Committed[0].Enrolment.HeldUntil);
    }

    [Fact]
    public async Task A_renewal_of_an_approved_certificate_waits_for_approval_again()
    {
        using var harness = new EnrolmentHarness(Profile(approval: true));
        var first = await ApprovedAsync(harness, MessageType.PkcsReq, Signer());
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request()));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request()));
        Assert.Equal(2, harness.Journal.Enrolments.Count);

        var renewed = await ApprovedAsync(harness, MessageType.RenewalReq, Signer(of: first));
        Assert.NotEqual(first.SerialNumber, renewed.SerialNumber);

        // By a poll, and by the request repeated: the same.
        Assert.Equal(renewed.Der, Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(of: first), null)));
        Assert.Equal(renewed.Der, Success(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request())));
        Assert.Equal(2, harness.Journal.Enrolments.Count);
    }

    private static RequestSigner ThrowAway(string subject, string issuer, byte serial) => new()
    {
        CertificateDer = new byte[] { 9, serial },
        Subject = Name(subject),
        Issuer = Name(issuer),
        SerialNumber = new[] { serial },
        PublicKey = Signer().PublicKey,
        NotBefore = Now,
        NotAfter = Now.AddDays(1),
    };

    private static async Task<IssuedCertificate> EnrolAsync(
        EnrolmentHarness harness,
        MessageType type = MessageType.PkcsReq,
        RequestSigner? signer = null,
        CertificateSigningRequest? csr = null)
    {
        var der = Success(await harness.SendAsync(type, signer ?? Signer(), csr ?? Request()));
        return harness.Journal.Committed.Select(entry => entry.Certificate)
            .OfType<IssuedCertificate>().Last(certificate => certificate.Der.AsSpan().SequenceEqual(der));
    }

    /// <summary>Sends, approves what waits, polls.</summary>
    private static async Task<IssuedCertificate> ApprovedAsync(EnrolmentHarness harness, MessageType type, RequestSigner signer)
    {
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(type, signer, Request()));
        var waiting = harness.Journal.Enrolments.Values.Single(stored => stored.Enrolment.State == EnrolmentState.Pending).Enrolment;
        harness.Journal.Decide(waiting.Decided(true, "olga", Now));
        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, signer, null));
        return harness.Journal.Committed[^1].Certificate is { } issued && issued.Der.AsSpan().SequenceEqual(der)
            ? issued
            : throw new InvalidOperationException("another certificate came");
    }

    private static byte[] Success(ScepReply reply) => Assert.IsType<ScepReply.Success>(reply).Certificate.ToArray();

    private static CertificateProfile Profile(TimeSpan? ttl = null, int windowPercent = 0, bool approval = false) => new()
    {
        Id = "default",
        Name = "short",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        MaxTtlSeconds = (int)(ttl ?? TimeSpan.Zero).TotalSeconds,
        AllowShortLived = ttl is not null,
        RenewalWindowPercent = windowPercent,
        RequiresApproval = approval,
    };
}
