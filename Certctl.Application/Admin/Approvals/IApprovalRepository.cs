using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Admin.Approvals;

/// <summary>Requests waiting for approval, and the decisions about them.</summary>
public interface IApprovalRepository
{
    /// <summary>
    /// Counts a decision, and ends the waiting when it is a denial or the last approval that the certificate profile asks for now.
    /// Decision, state and audit event (completed here with the request's own facts) are one transaction with the request's row locked: no
    /// operator counts twice, and no concurrent decision is lost.
    /// </summary>
    Task<DecisionVerdict> DecideAsync(EnrolmentDecision decision, AuditEvent audit, CancellationToken cancellationToken);

    /// <summary>Oldest first: those that wait by the database's time, or <paramref name="all"/> that ever had to.</summary>
    /// <param name="limit">Rows at most.</param>
    Task<IReadOnlyList<ApprovalView>> ListAsync(bool all, int limit, CancellationToken cancellationToken);

    /// <summary>How many wait by the database's time.</summary>
    Task<int> CountWaitingAsync(CancellationToken cancellationToken);
}

/// <summary>What became of a decision.</summary>
public abstract record DecisionVerdict
{
    private DecisionVerdict()
    {
    }

    /// <param name="Approvals">So far, this one included.</param>
    /// <param name="Required">By the certificate profile.</param>
    public sealed record Counted(int Approvals, int Required) : DecisionVerdict;

    public sealed record Unknown : DecisionVerdict;

    public sealed record NotWaiting(EnrolmentState State) : DecisionVerdict;

    /// <summary>This operator, or another actor of the same principal, has decided about this request before.</summary>
    /// <param name="Actor">Who it was.</param>
    public sealed record DecidedBefore(string Actor) : DecisionVerdict;
}

/// <summary>A request waiting for approval, as operators see it.</summary>
/// <param name="State">As it is at the time of the question.</param>
/// <param name="HeldUntil">When it lapses undecided.</param>
/// <param name="KeyAlgorithm">"RSA-2048".</param>
/// <param name="PublicKeySha256">Lower-case hex of the SubjectPublicKeyInfo's digest: what the device's owner can compare.</param>
/// <param name="VouchedBy">How the request proved itself: "Static current", "Renewal" and the serial number.</param>
/// <param name="ApprovalsRequired">By the certificate profile as it is now.</param>
public sealed record ApprovalView(
    Guid Id,
    EnrolmentState State,
    DateTimeOffset CreatedAt,
    DateTimeOffset HeldUntil,
    string Protocol,
    string PathId,
    string ProfileId,
    EnrolmentKind Kind,
    string Subject,
    IReadOnlyList<string> SubjectAltNames,
    string KeyAlgorithm,
    string PublicKeySha256,
    string TransactionId,
    string? SourceAddress,
    string VouchedBy,
    int ApprovalsRequired,
    IReadOnlyList<DecisionView> Decisions);

/// <summary>One operator's decision.</summary>
public sealed record DecisionView(string Actor, bool Approved, string Note, DateTimeOffset DecidedAt);
