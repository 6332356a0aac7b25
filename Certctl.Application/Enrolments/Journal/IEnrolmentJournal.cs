using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Journal;

/// <summary>
/// Makes one finished enrolment durable. No answer is sent before it has committed; what it refuses to commit does not exist.
/// Unique keys and one conditional statement decide, so any number of processes on one database agree.
/// </summary>
public interface IEnrolmentJournal
{
    /// <summary>
    /// Makes certificate, enrolment, retry key, challenge use, budget and audit event durable in one transaction,
    /// or says which conflict it met.
    /// </summary>
    Task<JournalVerdict> CommitAsync(JournalEntry entry, CancellationToken cancellationToken);
}

/// <summary>One enrolment to commit: pending or reserved at an issuer (no certificate), or issued.</summary>
public sealed record JournalEntry
{
    /// <summary>
    /// In state Pending or Issued, or reserved at an issuer. When an approved request is being completed (<see cref="Completes"/>), the
    /// stored row of the same id goes from Approved to Issued instead of a new one being made, or to reserved and from there to Issued.
    /// </summary>
    public required Enrolment Enrolment { get; init; }

    /// <summary>
    /// 32 octets of <see cref="Journal.RequestKey"/>. At most one live answer a key: until the answer's HeldUntil, by the database's
    /// time, a second commit under the key is refused with <see cref="JournalVerdict.AlreadyAnswered"/>,
    /// whatever became of the certificate.
    /// </summary>
    public required byte[] RequestKey { get; init; }

    /// <summary>
    /// How long the request waits for approval, or how long repetitions are answered with the certificate;
    /// counted by the database from the commit on.
    /// </summary>
    public required TimeSpan HeldFor { get; init; }

    public IssuedCertificate? Certificate { get; init; }

    /// <summary>
    /// The profile version that vetted the request: another version, or a disabled profile,
    /// at commit is <see cref="JournalVerdict.ProfileChanged"/>.
    /// </summary>
    public required int ProfileVersion { get; init; }

    /// <summary>This issues or reserves an enrolment that is stored as Approved.</summary>
    public bool Completes { get; init; }

    /// <summary>
    /// This records what an issuer has signed for a reservation: it <see cref="Completes"/> it, and no profile version is compared, since
    /// the certificate exists whatever became of its profile.
    /// </summary>
    public bool Records { get; init; }

    /// <summary>
    /// Above 0: so many certificates of this issuer, certificate profile and name stay valid, the new one among them; older ones are
    /// revoked as superseded in the same transaction, each with its audit event.
    /// </summary>
    public int MaxActiveCertificates { get; init; }

    /// <summary>The signed challenge that this spends: bound to the enrolment's CSR, it lets no other through.</summary>
    public ChallengeUse? Use { get; init; }

    /// <summary>The device's budget, of which this certificate takes one.</summary>
    public DeviceBudget? Budget { get; init; }

    /// <summary>Besides its retry key it claims others: all of them, or none.</summary>
    public bool HasClaims => Use is not null || Budget is not null;

    public required AuditEvent Audit { get; init; }

    /// <summary>It must be committed by itself: it looks at rows of others.</summary>
    public bool IsSolitary => Completes || (MaxActiveCertificates > 0 && Certificate is not null);
}

/// <summary>What the commit said.</summary>
public abstract record JournalVerdict
{
    private JournalVerdict()
    {
    }

    public sealed record Committed : JournalVerdict;

    /// <summary>The same request was answered before (or is being decided): here is what was written.</summary>
    public sealed record AlreadyAnswered(StoredEnrolment Stored) : JournalVerdict;

    /// <summary>The certificate profile is not what vetted the request any more.</summary>
    public sealed record ProfileChanged : JournalVerdict;

    /// <summary>The signed challenge was used for another CSR.</summary>
    /// <param name="EnrolmentId">By that enrolment.</param>
    public sealed record Replayed(Guid EnrolmentId) : JournalVerdict;

    /// <summary>The device has had what it may have.</summary>
    /// <param name="AllowedFrom">When the oldest certificate of the window falls out of it.</param>
    public sealed record BudgetSpent(DateTimeOffset AllowedFrom) : JournalVerdict;
}

/// <summary>An enrolment as stored, with its certificate once there is one.</summary>
public sealed record StoredEnrolment(Enrolment Enrolment, IssuedCertificate? Certificate)
{
    /// <summary>As it was at the database's time of the reading.</summary>
    public EnrolmentState State { get; private init; } = Enrolment.State;

    /// <summary>As it is at this time: an undecided request and a reservation lapse by themselves.</summary>
    public StoredEnrolment At(DateTimeOffset now) => this with { State = Enrolment.StateAt(now) };
}
