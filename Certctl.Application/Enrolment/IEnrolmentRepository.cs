using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Enrolment;

/// <summary>Reads what the journal wrote.</summary>
public interface IEnrolmentRepository
{
    /// <summary>The newest enrolment of this transaction by this requester on this path, or null (RFC 8894 §4.4).</summary>
    Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken);

    /// <summary>A certificate of this issuer by serial number (40 lower-case hex digits), with its revocation state as committed now.</summary>
    Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken);

    /// <summary>What answers a request under its <see cref="RequestKey"/> until <paramref name="until"/> or longer; null: nothing.</summary>
    Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, DateTimeOffset until, CancellationToken cancellationToken);
}
