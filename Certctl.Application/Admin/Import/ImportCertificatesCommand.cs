using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using MediatR;

namespace Certctl.Application.Admin.Import;

/// <summary>A certificate that another server issued under the CA that is ours now.</summary>
/// <param name="RevokedAt">Null: it is not revoked.</param>
public sealed record ForeignCertificate(IssuedCertificate Certificate, DateTimeOffset? RevokedAt, RevocationReason Reason);

/// <summary>Writes certificates of another server into the inventory.</summary>
public interface ICertificateImport
{
    /// <summary>Adds those that are not there yet, in one transaction with the event; the others stay as they are.</summary>
    /// <param name="audit">Made of how many were added and how many of them are revoked; not asked where none was.</param>
    /// <returns>How many were added.</returns>
    Task<int> AddAsync(
        IReadOnlyList<ForeignCertificate> certificates, Func<int, int, AuditEvent> audit, CancellationToken cancellationToken);
}

/// <summary>Certificates of another server are taken over: devices renew them here, operators revoke them here.</summary>
/// <param name="From">Such as a path, for the audit trail.</param>
public sealed record ImportCertificatesCommand(
    string IssuerId, string From, IReadOnlyList<ForeignCertificate> Certificates, AdminCaller Caller) : AdminCommand(Caller);

public sealed class ImportCertificatesValidator : AdminCommandValidator<ImportCertificatesCommand>;

public sealed class ImportCertificatesHandler(ICertificateImport import, DatabaseClock clock)
    : IRequestHandler<ImportCertificatesCommand, AdminOutcome>
{
    // A transaction each: a million at once would hold the revocations of the issuer for minutes.
    private const int Slice = 1000;

    public async Task<AdminOutcome> Handle(ImportCertificatesCommand request, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        var added = 0;
        foreach (var slice in request.Certificates.Chunk(Slice))
        {
            added += await import.AddAsync(
                slice,
                (count, revoked) => AdminTrail.Event(
                    request.Caller, AuditAction.CertificatesImported, "issuer", request.IssuerId,
                    $"{count} certificates from {request.From}, {revoked} of them revoked", now),
                cancellationToken);
        }

        return new AdminOutcome.Done($"{added} certificates imported, {request.Certificates.Count - added} were there before");
    }
}
