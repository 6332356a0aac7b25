using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Domain.Enrolments;

/// <summary>The states of a stored request (RFC 8894 §2.5 and §5): each step makes a copy, and there are no others.</summary>
public sealed class EnrolmentStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Serial = new('7', 40);

    [Fact]
    public void A_request_waits_and_lapses_by_itself()
    {
        var arrived = Arrived();
        var waiting = arrived.Waiting(Now.AddHours(1));
        Assert.Equal((EnrolmentState.Pending, Now.AddHours(1)), (waiting.State, waiting.HeldUntil));
        Assert.Equal(Now, arrived.HeldUntil);
        Assert.Equal(arrived.Id, waiting.Id);

        Assert.Equal(EnrolmentState.Pending, waiting.StateAt(Now.AddHours(1).AddTicks(-1)));
        Assert.Equal(EnrolmentState.Expired, waiting.StateAt(Now.AddHours(1)));
        Assert.Equal(EnrolmentState.Pending, waiting.State);
    }

    [Fact]
    public void A_certificate_completes_it_and_stays_its_answer()
    {
        var waiting = Arrived().Waiting(Now.AddHours(1));
        var issued = waiting.Issued("iss-local", Serial, Now.AddHours(2));
        Assert.Equal(
            (EnrolmentState.Issued, "iss-local", Serial, Now.AddHours(2)),
            (issued.State, issued.IssuerId, issued.SerialNumber, issued.HeldUntil));
        Assert.Equal((EnrolmentState.Pending, null), (waiting.State, waiting.SerialNumber));
        Assert.Equal(EnrolmentState.Issued, issued.StateAt(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData(true, EnrolmentState.Approved)]
    [InlineData(false, EnrolmentState.Denied)]
    public void A_decision_names_who_and_when_and_does_not_lapse(bool approved, EnrolmentState state)
    {
        var waiting = Arrived().Waiting(Now.AddHours(1));
        var decided = waiting.Decided(approved, "olga", Now.AddMinutes(5));
        Assert.Equal(
            (state, "olga", Now.AddMinutes(5), Now.AddHours(1)), (decided.State, decided.DecidedBy, decided.DecidedAt, decided.HeldUntil));
        Assert.Equal(state, decided.StateAt(Now.AddYears(1)));
        Assert.Equal((EnrolmentState.Pending, null, null), (waiting.State, waiting.DecidedBy, waiting.DecidedAt));
    }

    [Fact]
    public void An_approved_request_keeps_who_approved_it_when_it_is_issued()
    {
        var issued = Arrived().Decided(approved: true, "olga", Now).Issued("iss-local", Serial, Now.AddHours(1));
        Assert.Equal((EnrolmentState.Issued, "olga", Now), (issued.State, issued.DecidedBy, issued.DecidedAt));
    }

    [Fact]
    public void What_is_denied_is_never_issued_and_nothing_is_issued_twice()
    {
        var denied = Arrived().Decided(approved: false, "olga", Now);
        var issued = Arrived().Issued("iss-local", Serial, Now.AddHours(1));
        Assert.Contains(
            "Denied",
            Assert.Throws<InvalidOperationException>(() => denied.Issued("iss-local", Serial, Now)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => issued.Issued("iss-local", new string('8', 40), Now));
    }

    [Fact]
    public void There_is_one_decision()
    {
        foreach (var decided in (Enrolment[])[
            Arrived().Decided(approved: true, "olga", Now),
            Arrived().Decided(approved: false, "olga", Now),
            Arrived().Issued("iss-local", Serial, Now)])
        {
            Assert.Throws<InvalidOperationException>(() => decided.Decided(approved: true, "eve", Now));
            Assert.Throws<InvalidOperationException>(() => decided.Decided(approved: false, "eve", Now));
        }
    }

    private static Enrolment Arrived() => new()
    {
        Id = Guid.NewGuid(),
        Protocol = "SCEP",
        PathId = "",
        Kind = EnrolmentKind.PkcsReq,
        TransactionId = new TransactionId("T-1"),
        SignerKeySha256 = new byte[32],
        Csr = [0x30, 0x00],
        CsrSha256 = new byte[32],
        ProfileId = "default",
        Subject = "CN=device",
        SubjectAltNames = [],
        KeyAlgorithm = "RSA-2048",
        PublicKeySha256 = [1],
        ChallengeKind = ChallengeKind.Static,
        VouchedBy = "current",
        SourceAddress = null,
        CreatedAt = Now,
        HeldUntil = Now,
    };
}
