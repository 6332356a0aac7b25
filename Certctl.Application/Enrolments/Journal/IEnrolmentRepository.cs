using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Journal;

/// <summary>Reads what the journal wrote.</summary>
public interface IEnrolmentRepository
{
    /// <summary>The newest enrolment of this transaction by this requester on this path, or null (RFC 8894 §4.4).</summary>
    Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken);

    /// <summary>
    /// A certificate of this issuer by serial number (40 lower-case hex digits), with its revocation state as committed now.
    /// </summary>
    Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken);

    /// <summary>
    /// What answers a request under its <see cref="RequestKey"/>, and will for longer than
    /// <paramref name="margin"/> by the database's time; null: nothing.
    /// </summary>
    Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, TimeSpan margin, CancellationToken cancellationToken);

    /// <summary>Who has used a signed challenge, however long ago; null: no request has.</summary>
    Task<SpentChallenge?> FindUseAsync(ChallengeUse use, CancellationToken cancellationToken);

    /// <summary>How many used signed challenges are kept, by PathID; a path without any is not among them.</summary>
    Task<IReadOnlyDictionary<string, int>> CountUsesAsync(CancellationToken cancellationToken);

    /// <summary>From when on the device may have another certificate, by the database's time; null: now.</summary>
    Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, CancellationToken cancellationToken);
}

/// <summary>A signed challenge that has been used.</summary>
/// <param name="PathId">By a request on this path …</param>
/// <param name="CsrSha256">… with this CSR: 32 octets.</param>
public sealed record SpentChallenge(Guid EnrolmentId, string PathId, byte[] CsrSha256)
{
    /// <summary>Whether a request on this path, with this CSR, is the one that has used it, sent again.</summary>
    public bool IsBy(string pathId, ReadOnlySpan<byte> csrSha256) => PathId == pathId && csrSha256.SequenceEqual(CsrSha256);
}
