using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Reads of an enrolment, within the request's deadline.</summary>
internal sealed class BoundedEnrolmentRepository(IEnrolmentRepository inner, DatabaseAccess access) : IEnrolmentRepository
{
    public Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindByTransactionAsync(pathId, transactionId, signerKeySha256, cancellationToken));

    public Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindCertificateAsync(issuerId, serialNumber, cancellationToken));

    public Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, TimeSpan margin, CancellationToken cancellationToken) =>
        access.RunAsync(
            (inner, requestKey, margin, cancellationToken),
            static ask => ask.inner.FindAnswerAsync(ask.requestKey, ask.margin, ask.cancellationToken));

    public Task<SpentChallenge?> FindUseAsync(ChallengeUse use, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindUseAsync(use, cancellationToken));

    public Task<IReadOnlyDictionary<string, int>> CountUsesAsync(CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.CountUsesAsync(cancellationToken));

    public Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindNextAllowedAsync(budget, cancellationToken));
}
