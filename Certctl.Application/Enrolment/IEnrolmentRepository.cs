using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Enrolment;

/// <summary>Reads what the journal wrote, and records an operator's decision.</summary>
public interface IEnrolmentRepository
{
    /// <summary>The newest enrolment of this transaction by this requester on this path, or null (RFC 8894 §4.4).</summary>
    Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken);

    /// <summary>A certificate of this issuer by serial number (40 lower-case hex digits), with its revocation state as committed now.</summary>
    Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken);

    Task<Domain.Enrolment.Enrolment?> FindAsync(Guid enrolmentId, CancellationToken cancellationToken);

    /// <summary>Writes Pending to Approved or Denied with its audit event, in one transaction; false when it was not pending any more.</summary>
    Task<bool> DecideAsync(Domain.Enrolment.Enrolment decided, Domain.Audit.AuditEvent audit, CancellationToken cancellationToken);
}
