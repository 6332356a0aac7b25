using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Challenges;

/// <summary>A kind that no file of the product knows, in the list of a policy, through the registered pipeline.</summary>
public sealed class PalindromeTests
{
    private const string Good = PalindromeValidator.Prefix + "level";

    private readonly PalindromeValidator _kind = new();

    [Fact]
    public async Task It_vouches_under_its_own_audit_action_and_reserves_its_use()
    {
        using var harness = Harness();
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Good)));

        var entry = Assert.Single(harness.Journal.Committed);
        Assert.Equal(("scep_pkcsreq_palindrome", "level"), (entry.Audit.Action, entry.Audit.DeviceName));
        Assert.NotNull(entry.Use);
        Assert.Equal(2, entry.Budget?.Limit);
        Assert.Equal([null], _kind.Counted);
    }

    [Fact]
    public async Task A_second_use_is_refused_with_its_reason_before_anything_is_signed_and_by_the_commit()
    {
        using var harness = Harness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Good));
        await MustRefuseAsync(
            harness, MessageType.PkcsReq, Signer([2]), Request(challenge: Good, keySeed: [2]), FailureReason.RequestExpired);
        Assert.Equal(1, harness.Issuer.Signed);

        harness.Journal.Scripted.Enqueue(new JournalVerdict.Replayed(Guid.NewGuid()));
        await MustRefuseAsync(
            harness, MessageType.PkcsReq, Signer(), Request(challenge: PalindromeValidator.Prefix + "noon"), FailureReason.RequestExpired);
        Assert.Equal([null, FailureReason.RequestExpired, FailureReason.RequestExpired], _kind.Counted);
    }

    [Fact]
    public async Task A_spent_budget_is_refused_with_its_reason()
    {
        using var harness = Harness();
        harness.Journal.Scripted.Enqueue(new JournalVerdict.BudgetSpent(Now.AddHours(1)));
        await MustRefuseAsync(harness, MessageType.PkcsReq, Signer(), Request(challenge: Good), FailureReason.RequestDenied);
    }

    [Fact]
    public async Task Its_refusal_is_final_although_the_text_is_the_shared_secret()
    {
        const string Wrong = PalindromeValidator.Prefix + "word";
        using var harness = Harness(secret: Wrong);
        await MustRefuseAsync(harness, MessageType.PkcsReq, Signer(), Request(challenge: Wrong), FailureReason.ChallengeWrong);
        Assert.Equal("it reads otherwise backwards", harness.Journal.Refusals[^1].Detail);
    }

    [Fact]
    public async Task What_it_does_not_recognise_goes_to_the_next_kind_and_the_refusal_has_the_detail_of_each()
    {
        using var harness = Harness();
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: "guess"));
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Equal(
            ("scep_pkcsreq", "challenge_wrong", "it is no palindrome; challengePassword matches neither the current nor a previous secret"),
            (refusal.Action, refusal.Reason, refusal.Detail));
    }

    [Fact]
    public async Task A_renewal_that_carries_it_asks_it_by_the_list()
    {
        using var harness = Harness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var old = harness.Journal.Committed[^1].Certificate!;
        var wrong = Request(challenge: PalindromeValidator.Prefix + "word");
        await MustRefuseAsync(harness, MessageType.RenewalReq, Signer(of: old), wrong, FailureReason.ChallengeWrong);
        Assert.Equal("scep_renewalreq_palindrome", harness.Journal.Refusals[^1].Action);

        var good = Request(challenge: Good, keySeed: [7]);
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: old), good));
        var entry = harness.Journal.Committed[^1];
        Assert.Equal(("scep_renewalreq_palindrome", ChallengeKind.Renewal), (entry.Audit.Action, entry.Enrolment.ChallengeKind));
        Assert.NotNull(entry.Use);
    }

    [Fact]
    public async Task What_operators_approved_is_issued_under_its_action_and_takes_from_its_budget()
    {
        var standard = CertificateProfile.Default(Now);
        using var harness = Harness(profile: new CertificateProfile
        {
            Id = standard.Id,
            Name = standard.Name,
            AllowedKeyAlgorithms = standard.AllowedKeyAlgorithms,
            AllowedEkus = standard.AllowedEkus,
            RequiresApproval = true,
            ApprovalsRequired = 1,
        });
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: Good)));
        var waiting = Assert.Single(harness.Journal.Committed);
        Assert.Equal((true, true), (waiting.Use is not null, waiting.Budget is null));
        harness.Journal.Decide(waiting.Enrolment.Decided(approved: true, "olga", Now));

        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), csr: null));
        var completed = harness.Journal.Committed[^1];
        Assert.Equal("scep_pkcsreq_palindrome", completed.Audit.Action);
        Assert.Equal((true, true), (completed.Use is null, completed.Budget is not null));
        Assert.Equal([null], _kind.Counted);
    }

    private static async Task MustRefuseAsync(
        EnrolmentHarness harness, MessageType type, RequestSigner signer, CertificateSigningRequest csr, FailureReason reason)
    {
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(type, signer, csr));
        Assert.Equal(FailureTable.Of(reason).Label, harness.Journal.Refusals[^1].Reason);
        Assert.EndsWith("_palindrome", harness.Journal.Refusals[^1].Action, StringComparison.Ordinal);
    }

    private EnrolmentHarness Harness(string? secret = null, CertificateProfile? profile = null) =>
        new(profile, policy => new EnrolmentPolicy
        {
            PathId = policy.PathId,
            Issuers = policy.Issuers,
            CertificateProfileId = policy.CertificateProfileId,
            Challenges =
            [
                policy.Challenges[0],
                _kind,
                secret is null ? policy.Challenges[1] : new StaticChallengeValidator(new Secret(secret)),
            ],
            Limits = policy.Limits,
        });
}
