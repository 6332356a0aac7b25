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

    /// <summary>Who has used a signed challenge (<see cref="ChallengeUse.Key"/>); null: nobody, as far as is still kept at <paramref name="now"/>.</summary>
    Task<SpentChallenge?> FindUseAsync(byte[] useKey, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>From when on the device may have another certificate; null: now.</summary>
    Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>A signed challenge that has been used.</summary>
/// <param name="CsrSha256">By the request with this CSR: 32 octets.</param>
/// <param name="KeptUntil">Until then the journal stands by it.</param>
public sealed record SpentChallenge(Guid EnrolmentId, byte[] CsrSha256, DateTimeOffset KeptUntil);
