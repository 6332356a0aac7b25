namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>The retry key: which enrolment answers this request, and until when no other may.</summary>
internal sealed class EnrolmentAnswer
{
    /// <summary>SHA-256 over PathID, CSR and signer key.</summary>
    public required byte[] RequestKey { get; init; }

    public required Guid EnrolmentId { get; init; }

    public required DateTimeOffset HeldUntil { get; init; }
}
