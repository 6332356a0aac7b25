using System.Diagnostics.Metrics;
using Certctl.Application.Challenges;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Enrolments.Pipeline;

/// <summary>Compliant today? What each verdict does to an enrolment, and what the trail says of it.</summary>
public sealed class ComplianceHookBehaviorTests
{
    private readonly IComplianceHook _hook = Substitute.For<IComplianceHook>();
    private ComplianceQuestion? _asked;

    [Fact]
    public async Task A_compliant_device_gets_its_certificate_and_the_audit_says_why()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant("seen today"));

        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        var audit = Assert.Single(harness.Journal.Committed).Audit;
        Assert.Equal((AuditOutcome.Issued, "compliance: compliant: seen today"), (audit.Outcome, audit.Detail));
    }

    [Fact]
    public async Task Without_a_reason_the_verdict_alone_is_kept()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant(""));
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        Assert.Equal("compliance: compliant", Assert.Single(harness.Journal.Committed).Audit.Detail);
    }

    [Fact]
    public async Task A_device_that_is_not_compliant_gets_nothing_and_is_not_told_the_reason()
    {
        using var harness = Harness(new ComplianceVerdict.NotCompliant("disk not encrypted"));

        var failure = Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal(FailInfo.BadRequest, failure.FailInfo);
        Assert.DoesNotContain("disk", failure.FailInfoText, StringComparison.Ordinal);
        var audit = Assert.Single(harness.Journal.Refusals);
        Assert.Equal(
            (AuditOutcome.Refused, "compliance_failed", "compliance: not compliant: disk not encrypted"),
            (audit.Outcome, audit.Reason, audit.Detail));
        Assert.Equal(0, harness.Issuer.Signed);
        Assert.Empty(harness.Journal.Committed);
    }

    [Fact]
    public async Task An_outage_refuses_unless_the_profile_says_otherwise()
    {
        using var harness = Harness(new ComplianceVerdict.Unavailable("it answered HTTP 500"));

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        var audit = Assert.Single(harness.Journal.Refusals);
        Assert.Equal(("compliance_failed", "compliance: unavailable: it answered HTTP 500"), (audit.Reason, audit.Detail));
        Assert.Equal(0, harness.Issuer.Signed);
    }

    [Fact]
    public async Task Where_the_profile_allows_it_an_outage_lets_the_device_through_and_the_audit_says_so()
    {
        using var harness = Harness(new ComplianceVerdict.Unavailable("it answered HTTP 500"), ComplianceOnError.Allow);

        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal("compliance: unavailable, let through: it answered HTTP 500", Assert.Single(harness.Journal.Committed).Audit.Detail);
    }

    [Fact]
    public async Task What_is_allowed_in_an_outage_is_not_allowed_against_a_no()
    {
        using var harness = Harness(new ComplianceVerdict.NotCompliant(""), ComplianceOnError.Allow);
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.Equal("compliance: not compliant", Assert.Single(harness.Journal.Refusals).Detail);
    }

    [Fact]
    public async Task A_request_that_waits_for_approval_has_the_verdict_in_its_trail()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant("seen today"), requiresApproval: true);

        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        var audit = Assert.Single(harness.Journal.Committed).Audit;
        Assert.Equal((AuditOutcome.Pending, "compliance: compliant: seen today"), (audit.Outcome, audit.Detail));
    }

    [Fact]
    public async Task What_is_refused_afterwards_keeps_the_verdict_in_its_trail()
    {
        using var harness = Harness(new ComplianceVerdict.Unavailable("no answer"), ComplianceOnError.Allow);
        harness.Issuer.Obstacle = new EnrolmentFailure(FailureReason.SubjectNotAllowed, "the CA may not sign that");

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal(
            "the CA may not sign that (compliance: unavailable, let through: no answer)", Assert.Single(harness.Journal.Refusals).Detail);
    }

    [Fact]
    public async Task Who_is_refused_before_is_not_asked_about()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant(""));
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(challenge: "wrong"));
        Assert.Null(_asked);
    }

    [Fact]
    public async Task The_question_holds_what_is_known_of_the_request()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant(""));
        var csr = Request();

        await harness.SendAsync(MessageType.PkcsReq, Signer(), csr, "T-7");

        Assert.Equal(
            new ComplianceQuestion(
                "SCEP", "corp", CertificateProfile.DefaultId, new TransactionId("T-7"), "r-1", "192.0.2.1", ChallengeKind.Static, null,
                csr), _asked);
    }

    [Fact]
    public async Task A_renewal_is_asked_about_too()
    {
        using var harness = Harness(new ComplianceVerdict.Compliant("then"));
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var first = Assert.Single(harness.Journal.Committed).Certificate!;
        Answer(new ComplianceVerdict.NotCompliant("now"));
        harness.Clock.Advance(TimeSpan.FromDays(80));

        await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request(challenge: null, keySeed: [2]));

        Assert.Equal(ChallengeKind.Renewal, _asked!.ChallengeKind);
        Assert.Equal("compliance: not compliant: now", Assert.Single(harness.Journal.Refusals).Detail);
    }

    [Fact]
    public async Task Words_of_the_other_side_write_no_lines_of_their_own()
    {
        using var harness = Harness(new ComplianceVerdict.NotCompliant("no\r\n2026-11-26 issued to root\u202e" + new string('x', 1000)));
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());

        var detail = Assert.Single(harness.Journal.Refusals).Detail!;
        Assert.StartsWith("compliance: not compliant: no2026-11-26 issued to rootxxx", detail, StringComparison.Ordinal);
        Assert.True(detail.Length <= 256 + "compliance: not compliant: ".Length);
    }

    [Fact]
    public async Task Verdicts_are_counted_and_timed_by_profile()
    {
        var seen = new List<(string Name, double Value, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument.Meter.Name == EnrolmentMetrics.MeterName
                    && instrument.Name.StartsWith("certctl_compliance", StringComparison.Ordinal))
                    meters.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        listener.Start();
        using var harness = Harness(new ComplianceVerdict.Unavailable("x"), path: "counted");

        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());

        Assert.Equal(
            [
                ("certctl_compliance_duration_seconds", 0, "SCEP counted unavailable"),
                ("certctl_compliance_verdicts_total", 1, "SCEP counted unavailable"),
            ],
            seen.OrderBy(measured => measured.Name, StringComparer.Ordinal));

        void Note(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.ToArray().Any(tag => Equals(tag.Value, "counted")))
                seen.Add((name, value, string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        }
    }

    [Fact]
    public async Task A_repeat_is_answered_as_before_and_the_service_is_not_asked()
    {
        using var harness = Harness(new ComplianceVerdict.NotCompliant("today"));
        var context = new EnrolmentContext
        {
            Policy = harness.Profile.Policy,
            Protocol = ScepProtocol.Name,
            TransactionId = new TransactionId("T-1"),
            Requester = Signer(),
            Origin = new RequestOrigin(null, "r-1"),
            ReceivedAt = Now,
            Grant = new ChallengeGrant(ChallengeKind.Intune, "connector"),
        };
        using var metrics = new EnrolmentMetrics();
        var inquiry = new ComplianceInquiry(metrics, harness.Clock, NullLogger<ComplianceInquiry>.Instance);
        var check = new ComplianceHookBehavior<IssuanceCommand, EnrolmentOutcome>(inquiry);
        var command = new IssuanceCommand(context, Request(), EnrolmentKind.PkcsReq);
        var passed = new EnrolmentOutcome.Pending(Guid.Empty);

        Assert.IsType<EnrolmentOutcome.Refused>(
            await check.Handle(command, CancellationToken.None, () => Task.FromResult<EnrolmentOutcome>(passed)));
        context.MarkRepeat();
        Assert.Same(passed, await check.Handle(command, CancellationToken.None, () => Task.FromResult<EnrolmentOutcome>(passed)));
        Assert.Null(context.ComplianceNote);
    }

    [Fact]
    public async Task A_profile_without_a_service_asks_none_and_notes_nothing()
    {
        using var harness = new EnrolmentHarness();
        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.Null(Assert.Single(harness.Journal.Committed).Audit.Detail);
    }

    private EnrolmentHarness Harness(
        ComplianceVerdict verdict, ComplianceOnError onError = ComplianceOnError.Deny, bool requiresApproval = false, string path = "corp")
    {
        Answer(verdict);
        var usual = CertificateProfile.Default(Now);
        var profile = new CertificateProfile
        {
            Id = usual.Id,
            Name = usual.Name,
            AllowedKeyAlgorithms = usual.AllowedKeyAlgorithms,
            AllowedEkus = usual.AllowedEkus,
            RequiresApproval = requiresApproval,
        };
        return new EnrolmentHarness(profile, policy => new EnrolmentPolicy
        {
            PathId = path,
            Issuers = policy.Issuers,
            CertificateProfileId = policy.CertificateProfileId,
            Challenges = policy.Challenges,
            Limits = policy.Limits,
            Compliance = new CompliancePolicy(_hook, onError),
        });
    }

    private void Answer(ComplianceVerdict verdict) => _hook.AskAsync(default!, default).ReturnsForAnyArgs(call =>
    {
        _asked = call.Arg<ComplianceQuestion>();
        return verdict;
    });
}
