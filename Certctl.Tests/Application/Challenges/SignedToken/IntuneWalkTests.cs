using Certctl.Api.Configuration.Scep;
using Certctl.Api.Hosting;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Fakes;
using Certctl.Tests.Fixtures;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Challenges.SignedToken;

/// <summary>Signed challenges through the enrolment pipeline: what is checked before signing, and what is counted when.</summary>
public sealed class IntuneEnrolmentTests : IDisposable
{
    private readonly TestConnector _connector = TestConnector.Ec();
    private readonly IntuneCounters _counters = new();

    public void Dispose() => _counters.Dispose();

    [Fact]
    public async Task A_replay_is_refused_before_anything_is_signed()
    {
        using var harness = Harness();
        var token = Token("device-1");
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: token)));

        await MustRefuseAsync(harness, Request(challenge: token, keySeed: [2]), "replay", signer: Signer([2]));
        Assert.Equal(1, harness.Issuer.Signed);
    }

    [Fact]
    public async Task Beyond_the_budget_nothing_is_signed_and_the_trail_says_when_the_next_is_allowed()
    {
        using var harness = Harness(limit: 2);
        for (var i = 0; i < 2; i++)
            Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Token("device-1"))));
        harness.Clock.Advance(TimeSpan.FromMinutes(10));

        await MustRefuseAsync(harness, Request(challenge: Token("device-1")), "rate_limited");
        Assert.Equal(2, harness.Issuer.Signed);
        Assert.Contains($"{Now.AddHours(24):O}", harness.Journal.Refusals[^1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_zero_is_none()
    {
        using var harness = Harness(limit: 0);
        for (var i = 0; i < 8; i++)
            Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Token("device-1"))));
        Assert.All(harness.Journal.Committed, entry => Assert.Null(entry.Budget));
    }

    [Fact]
    public async Task An_honest_retry_gets_its_certificate_also_when_the_budget_is_spent()
    {
        using var harness = Harness(limit: 1);
        var request = Request(challenge: Token("device-1"));
        var first = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), request));
        var again = Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), request, "T-2"));
        Assert.Equal(first.Certificate.ToArray(), again.Certificate.ToArray());
    }

    [Fact]
    public async Task What_the_commit_finds_is_refused_as_the_checks_would_have()
    {
        using var harness = Harness();
        harness.Journal.Scripted.Enqueue(new JournalVerdict.Replayed(Guid.NewGuid()));
        await MustRefuseAsync(harness, Request(challenge: Token("device-1")), "replay");
        harness.Journal.Scripted.Enqueue(new JournalVerdict.BudgetSpent(Now.AddHours(5)));
        await MustRefuseAsync(harness, Request(challenge: Token("device-1")), "rate_limited");
        Assert.Equal(
            $"{FailureTable.Of(FailureReason.RateLimited).PublicText} Next allowed at 2026-11-25T17:00:00Z.",
            Assert.IsType<ScepReply.Failure>(harness.Reply).FailInfoText);
    }

    [Fact]
    public async Task Success_is_counted_when_a_certificate_was_issued_and_once()
    {
        using var harness = Harness();
        var request = Request(challenge: Token("device-1"));
        harness.Journal.Scripted.Enqueue(new JournalVerdict.ProfileChanged());
        await harness.SendAsync(MessageType.PkcsReq, Signer(), request);
        await harness.SendAsync(MessageType.PkcsReq, Signer(), request, "T-2");
        await MustRefuseAsync(harness, Request("another device", Token("device-1")), "claim_mismatch");

        var counts = _counters.Of("corp");
        Assert.Equal(IntuneCounters.Labels, counts.Keys);
        Assert.Equal(
            [("success", 1), ("claim_mismatch", 1)], counts.Where(count => count.Value > 0).Select(count => (count.Key, count.Value)));
    }

    [Theory]
    [InlineData(ChallengeMode.Mixed, "the current secret", null)]
    [InlineData(ChallengeMode.Mixed, "not the secret", "challenge_wrong")]
    [InlineData(ChallengeMode.IntuneOnly, "the current secret", "malformed")]
    [InlineData(ChallengeMode.IntuneOnly, null, "challenge_missing")]
    [InlineData(ChallengeMode.StaticOnly, "the current secret", null)]
    public async Task A_shared_secret_counts_where_the_mode_says_so(ChallengeMode mode, string? challenge, string? label)
    {
        using var harness = Harness(mode: mode);
        if (label is not null)
            await MustRefuseAsync(
                harness, Request(challenge: challenge), label, signed: mode == ChallengeMode.IntuneOnly && challenge is not null);
        else
            Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: challenge)));
    }

    [Fact]
    public async Task Where_only_secrets_count_a_signed_challenge_is_a_wrong_one()
    {
        using var harness = Harness(mode: ChallengeMode.StaticOnly);
        await MustRefuseAsync(harness, Request(challenge: Token("device-1")), "challenge_wrong", signed: false);
    }

    [Fact]
    public async Task A_stranger_cannot_sign_an_envelope_anew_around_the_challenge_of_another_device()
    {
        using var harness = Harness();
        await MustRefuseAsync(
            harness, Request(challenge: Token("device-1")), "signer_key_mismatch", signer: Signer([7], issuer: "another CA"));
        Assert.Equal(0, harness.Issuer.Signed);
    }

    [Fact]
    public async Task A_request_that_waits_has_spent_its_challenge_and_takes_from_the_budget_when_the_certificate_is_issued()
    {
        using var harness = Harness(limit: 1, profile: NeedsApproval());
        var token = Token("device-1");
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: token)));
        var waiting = Assert.Single(harness.Journal.Committed);
        Assert.NotNull(waiting.Use);
        Assert.Null(waiting.Budget);
        await MustRefuseAsync(harness, Request(challenge: token, keySeed: [2]), "replay", signer: Signer([2]));

        harness.Journal.Decide(waiting.Enrolment.Decided(approved: true, "olga", Now));
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), csr: null));
        var completed = harness.Journal.Committed[^1];
        Assert.Null(completed.Use);
        Assert.NotNull(completed.Budget);
        Assert.Equal(
            (AuditAction.ScepPkcsReqIntune, "device-1", "id of device-1"),
            (completed.Audit.Action, completed.Audit.DeviceName, completed.Audit.ClaimSubject));
        Assert.Equal(1, _counters.Of("corp")["success"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_challenge_says_stands_in_the_certificate_where_a_template_asks_for_it_also_after_a_wait(bool waits)
    {
        using var harness = Harness(profile: Named(waits, "CN={{claim.device_name}}", "OU={{claim.subject}}"));
        var reply = await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Token("device-1")));
        if (waits)
        {
            Assert.IsType<ScepReply.Pending>(reply);
            harness.Journal.Decide(Assert.Single(harness.Journal.Committed).Enrolment.Decided(approved: true, "olga", Now));
            reply = await harness.SendAsync(MessageType.GetCertInitial, Signer(), csr: null);
        }

        Assert.IsType<ScepReply.Success>(reply);
        Assert.Equal("OU=id of device-1,CN=device-1", harness.Journal.Committed[^1].Certificate!.Subject);
    }

    [Theory]
    [InlineData(ChallengeMode.StaticOnly, false)]
    [InlineData(ChallengeMode.Mixed, false)]
    [InlineData(ChallengeMode.IntuneOnly, true)]
    public void Where_signed_challenges_alone_count_no_secret_opens_an_envelope(ChallengeMode mode, bool none)
    {
        using var harness = Harness(mode: mode);
        Assert.Equal(none, harness.Profile.EnvelopePasswords.IsEmpty);
        Assert.Equal(none ? null : "the current secret", harness.Profile.EnvelopePasswords.Current?.Reveal());
    }

    private static async Task MustRefuseAsync(
        EnrolmentHarness harness, CertificateSigningRequest csr, string label, RequestSigner? signer = null, bool signed = true)
    {
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, signer ?? Signer(), csr));
        var refusal = harness.Journal.Refusals[^1];
        Assert.Equal((label, signed ? AuditAction.ScepPkcsReqIntune : AuditAction.ScepPkcsReq), (refusal.Reason, refusal.Action));
        Assert.Equal(signed, refusal.TokenSha256 is not null);
    }

    private static CertificateProfile NeedsApproval() => Named(waits: true);

    private static CertificateProfile Named(bool waits, params string[] subject)
    {
        var standard = CertificateProfile.Default(Now);
        return new CertificateProfile
        {
            Id = standard.Id,
            Name = standard.Name,
            AllowedKeyAlgorithms = standard.AllowedKeyAlgorithms,
            AllowedEkus = standard.AllowedEkus,
            RequiresApproval = waits,
            ApprovalsRequired = 1,
            Content = new() { SubjectTemplate = subject },
            Version = standard.Version,
            CreatedAt = Now,
            UpdatedAt = Now,
        };
    }

    // The clock of the harness stands still; that of the connector does not.
    private string Token(string device) => _connector.For(device, claims =>
    {
        claims["iat"] = Now.ToUnixTimeSeconds();
        claims["exp"] = Now.AddMinutes(30).ToUnixTimeSeconds();
    });

    private EnrolmentHarness Harness(ChallengeMode mode = ChallengeMode.Mixed, int limit = 3, CertificateProfile? profile = null) =>
        new(profile, policy => new EnrolmentPolicy
        {
            PathId = policy.PathId,
            Issuers = policy.Issuers,
            CertificateProfileId = policy.CertificateProfileId,
            Challenges = ConfiguredChallenges.Of(
                mode,
                policy.Find<StaticChallengeValidator>()!,
                new IntuneSettings(new AnyConnector(), null, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), limit),
                _counters),
            Limits = policy.Limits,
        });
}
