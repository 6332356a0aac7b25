using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Fakes;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Issuers;

/// <summary>An issuer outside of this process is asked only for what is reserved, and signs once (ADR 37).</summary>
public sealed class ReservationTests
{
    [Fact]
    public async Task An_issuer_in_this_process_needs_no_reservation_and_one_commit()
    {
        using var harness = new EnrolmentHarness();

        Success(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal(EnrolmentState.Issued, Assert.Single(harness.Journal.Committed).Enrolment.State);
        Assert.Equal(0, harness.Journal.Leases);
    }

    [Fact]
    public async Task A_reservation_is_committed_before_and_the_certificate_after_the_issuer_signs_under_its_own_serial_number()
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer);
        var before = 0;
        issuer.Before = _ =>
        {
            before = harness.Journal.Committed.Count;
            return Task.CompletedTask;
        };

        var der = Success(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal(1, before);
        Assert.Equal(2, harness.Journal.Committed.Count);
        var (reserved, recorded) = (harness.Journal.Committed[0], harness.Journal.Committed[1]);
        Assert.True(reserved.Enrolment.IsReserved);
        Assert.Equal((AuditOutcome.Pending, AuditOutcome.Issued), (reserved.Audit.Outcome, recorded.Audit.Outcome));
        Assert.True(recorded is { Completes: true, Records: true });
        var signed = Assert.Single(issuer.Signed);
        Assert.Equal(reserved.Enrolment.Id, signed.Id);
        Assert.Equal(der, signed.Certificate.Der);
        Assert.Equal(
            ("iss-remote", signed.Certificate.SerialNumber), (recorded.Enrolment.IssuerId, recorded.Enrolment.SerialNumber));
        Assert.Empty(issuer.Recalls);

        // A repeat is answered from the journal.
        Assert.Equal(der, Success(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request())));
        Assert.Equal(1, issuer.Requests);
    }

    [Fact]
    public async Task A_conflict_shows_before_anything_is_signed()
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer);
        for (var attempt = 0; attempt < 3; attempt++)
            harness.Journal.Scripted.Enqueue(new JournalVerdict.ProfileChanged());

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal(0, issuer.Requests);
    }

    [Fact]
    public async Task While_the_issuer_decides_the_device_polls_and_the_reference_is_kept()
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer);
        issuer.Answers.Enqueue(new IssuerAnswer.Pending("order 7"));
        issuer.Answers.Enqueue(new IssuerAnswer.Pending("order 7"));

        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(["order 7", "order 7"], issuer.Recalls);
        Assert.Equal(Assert.Single(issuer.Signed).Certificate.Der, der);
        Assert.Equal(1, issuer.Requests);
    }

    [Theory]
    [InlineData(false, MessageType.PkcsReq)]
    [InlineData(false, MessageType.GetCertInitial)]
    [InlineData(true, MessageType.PkcsReq)]
    [InlineData(true, MessageType.GetCertInitial)]
    public async Task After_an_accident_the_issuer_is_asked_what_became_of_it_and_signs_once(bool hasSigned, MessageType next)
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer);
        if (hasSigned)
            issuer.After = () => throw new IOException("the line broke");
        else
            issuer.Before = _ => throw new IOException("the line broke");
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        (issuer.Before, issuer.After) = (_ => Task.CompletedTask, () => Task.CompletedTask);

        // The process that asked may still be about it.
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(next, Signer(), next == MessageType.PkcsReq ? Request() : null));
        Assert.Empty(issuer.Recalls);
        harness.Clock.Advance(ReservationTimes.Default.Length);

        var der = Success(await harness.SendAsync(next, Signer(), next == MessageType.PkcsReq ? Request() : null));

        Assert.Equal(Assert.Single(issuer.Signed).Certificate.Der, der);
        Assert.Equal([null], issuer.Recalls);
        Assert.Equal(hasSigned ? 1 : 2, issuer.Requests);
    }

    [Fact]
    public async Task An_issuer_that_cannot_tell_is_not_asked_again_and_the_device_is_refused_when_the_reservation_lapses()
    {
        var issuer = new RemoteIssuer { After = () => throw new IOException("the line broke") };
        using var harness = Harness(issuer);
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        for (var poll = 0; poll < 3; poll++)
        {
            harness.Clock.Advance(ReservationTimes.Default.Length);
            Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
            Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        }

        harness.Clock.Advance(harness.Profile.Policy.Windows.Pending);
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(1, issuer.Requests);
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Equal("issuer_unanswered", refusal.Reason);
        Assert.Contains(issuer.Signed[0].Id.ToString(), refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_issuer_is_waited_for_within_the_lease_and_the_device_polls_after_that()
    {
        var issuer = new RecallingIssuer { Before = async token => await Task.Delay(Timeout.Infinite, token) };
        using var harness = Harness(issuer);

        var sending = harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        Assert.False(sending.IsCompleted);
        harness.Clock.Advance(ReservationTimes.Default.AnswerWithin);
        Assert.IsType<ScepReply.Pending>(await sending);

        issuer.Before = _ => Task.CompletedTask;
        harness.Clock.Advance(ReservationTimes.Default.Length - ReservationTimes.Default.AnswerWithin);
        Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        Assert.Single(issuer.Signed);
    }

    [Fact]
    public async Task While_one_request_asks_the_issuer_another_one_does_not()
    {
        var gate = new TaskCompletionSource();
        var issuer = new RecallingIssuer { Before = _ => gate.Task };
        using var harness = Harness(issuer);

        var first = harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        gate.SetResult();

        Success(await first);
        Assert.Single(issuer.Signed);
        Assert.Empty(issuer.Recalls);
    }

    [Fact]
    public async Task What_the_issuer_refuses_stays_refused_and_it_is_not_asked_again()
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer);
        issuer.Answers.Enqueue(new IssuerAnswer.Refused(new(FailureReason.IssuerRefused, "not this name")));

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(1, issuer.Requests);
        Assert.Empty(issuer.Signed);
        Assert.Equal(["issuer_refused", "issuer_refused", "issuer_refused"], harness.Journal.Refusals.Select(refusal => refusal.Reason));
        Assert.Equal("not this name", harness.Journal.Refusals[0].Detail);
    }

    [Fact]
    public async Task A_certificate_for_another_key_is_not_recorded()
    {
        var issuer = new RecallingIssuer { MistakesTheKey = true };
        using var harness = Harness(issuer);

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.True(Assert.Single(harness.Journal.Committed).Enrolment.IsReserved);
    }

    [Fact]
    public async Task A_reservation_outlives_several_leases_however_short_the_pending_window_is()
    {
        var issuer = new RecallingIssuer { After = () => throw new IOException("the line broke") };
        using var harness = Harness(issuer, pending: TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        harness.Clock.Advance(ReservationTimes.Default.Length + ReservationTimes.Default.Length);

        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(Assert.Single(issuer.Signed).Certificate.Der, der);
        Assert.Equal(1, issuer.Requests);
    }

    [Fact]
    public async Task What_no_operator_has_seen_is_not_signed_once_the_profile_asks_for_approval()
    {
        var issuer = new RecallingIssuer { Before = _ => throw new IOException("the line broke") };
        using var harness = Harness(issuer);
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        issuer.Before = _ => Task.CompletedTask;
        await harness.Profiles.SaveAsync(Profile(requiresApproval: true), 1, _ => null!, CancellationToken.None);
        harness.Clock.Advance(ReservationTimes.Default.Length);

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Empty(issuer.Signed);
        Assert.Contains("asks for an approval now", Assert.Single(harness.Journal.Refusals).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_signed_is_recorded_although_its_profile_was_deleted()
    {
        var issuer = new RecallingIssuer { After = () => throw new IOException("the line broke") };
        using var harness = Harness(issuer);
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        var profile = Profile(requiresApproval: false);
        Assert.Equal(
            ProfileDeletion.Deleted, await harness.Profiles.DeleteAsync(profile.Id, profile.Version, null!, CancellationToken.None));
        harness.Clock.Advance(ReservationTimes.Default.Length);

        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(Assert.Single(issuer.Signed).Certificate.Der, der);
    }

    [Fact]
    public async Task What_operators_approved_is_reserved_before_it_is_signed()
    {
        var issuer = new RecallingIssuer();
        using var harness = Harness(issuer, requiresApproval: true);
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Assert.Equal(0, issuer.Requests);
        harness.Journal.Decide(Assert.Single(harness.Journal.Enrolments.Values).Enrolment.Decided(true, "olga", Now));

        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal(Assert.Single(issuer.Signed).Certificate.Der, der);
        Assert.Equal(
            [(EnrolmentState.Pending, false), (EnrolmentState.Approved, true), (EnrolmentState.Issued, false)],
            harness.Journal.Committed.Select(entry => (entry.Enrolment.State, entry.Enrolment.IsReserved)));
    }

    [Fact]
    public async Task A_reservation_at_an_issuer_that_the_endpoint_has_no_more_is_refused()
    {
        var issuer = new RemoteIssuer { Before = _ => throw new IOException("the line broke") };
        using var harness = Harness(issuer);
        await Assert.ThrowsAsync<IOException>(() => harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        var stored = Assert.Single(harness.Journal.Enrolments.Values).Enrolment;
        using var other = new EnrolmentHarness();
        other.Journal.Decide(stored);

        Assert.IsType<ScepReply.Failure>(await other.SendAsync(MessageType.GetCertInitial, Signer(), null));

        Assert.Equal("issuer_unanswered", Assert.Single(other.Journal.Refusals).Reason);
        Assert.Equal(0, other.Issuer.Signed);
    }

    [Fact]
    public void An_issuer_id_is_registered_once_and_a_registered_issuer_can_sign()
    {
        var local = new FakeIssuer(Now.AddYears(5));
        var registry = new IssuerRegistry(new IssuerGenerations(local), new IssuerGenerations(new RemoteIssuer()));
        Assert.Equal(("iss-local", "iss-remote"), (registry.Default.IssuerId, registry.Find("iss-remote")!.IssuerId));
        Assert.Null(registry.Find("iss-other"));

        Assert.Throws<ArgumentException>(() => new IssuerRegistry());
        Assert.Throws<ArgumentException>(() => new IssuerRegistry(new(local), new(new FakeIssuer(Now))));
        Assert.Throws<ArgumentException>(() => new IssuerGenerations(local, new RemoteIssuer()));
        Assert.Throws<ArgumentException>(() => new IssuerGenerations(NSubstitute.Substitute.For<ICertificateIssuer>()));
    }

    private static CertificateProfile Profile(bool requiresApproval)
    {
        var standard = CertificateProfile.Default(Now);
        return new CertificateProfile
        {
            Id = standard.Id,
            Name = standard.Name,
            AllowedKeyAlgorithms = standard.AllowedKeyAlgorithms,
            AllowedEkus = standard.AllowedEkus,
            RequiresApproval = requiresApproval,
            ApprovalsRequired = 1,
            Version = standard.Version,
            CreatedAt = Now,
            UpdatedAt = Now,
        };
    }

    private static EnrolmentHarness Harness(ICertificateIssuer issuer, bool requiresApproval = false, TimeSpan? pending = null) =>
        new(Profile(requiresApproval), policy => new EnrolmentPolicy
        {
            PathId = policy.PathId,
            Issuers = new(issuer),
            CertificateProfileId = policy.CertificateProfileId,
            Challenges = policy.Challenges,
            Limits = policy.Limits,
            Windows = pending is { } window ? new EnrolmentWindows { Pending = window } : policy.Windows,
        });

    private static byte[] Success(ScepReply reply) => Assert.IsType<ScepReply.Success>(reply).Certificate.ToArray();
}
