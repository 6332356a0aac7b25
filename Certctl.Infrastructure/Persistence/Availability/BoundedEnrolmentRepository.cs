using Certctl.Application.Enrolment;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>Reads of an enrolment, within the request's deadline.</summary>
internal sealed class BoundedEnrolmentRepository(IEnrolmentRepository inner, DatabaseAccess access) : IEnrolmentRepository
{
    public Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindByTransactionAsync(pathId, transactionId, signerKeySha256, cancellationToken));

    public Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindCertificateAsync(issuerId, serialNumber, cancellationToken));

    public Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, DateTimeOffset until, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAnswerAsync(requestKey, until, cancellationToken));

    public Task<SpentChallenge?> FindUseAsync(byte[] useKey, DateTimeOffset now, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindUseAsync(useKey, now, cancellationToken));

    public Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, DateTimeOffset now, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindNextAllowedAsync(budget, now, cancellationToken));
}
