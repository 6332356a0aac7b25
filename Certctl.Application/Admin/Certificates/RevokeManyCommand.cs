using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Certificates;

/// <summary>
/// Every certificate of a filter, or each of a list, is ended before its time:
/// one by one: what was done before an interruption stays done, and the same command again does the rest.
/// </summary>
/// <param name="Filter">At least one of issuer, certificate profile, path, source and serial numbers narrows it.</param>
/// <param name="SerialNumbers">40 lower-case hex digits each; null: the filter alone.</param>
/// <param name="DryRun">Counts and changes nothing.</param>
public sealed record RevokeManyCommand(
    CertificateFilter Filter, IReadOnlyList<string>? SerialNumbers, RevocationReason Reason, bool DryRun, string Note, AdminCaller Caller)
        : AdminCommand(Caller);

public sealed class RevokeManyValidator : AdminCommandValidator<RevokeManyCommand>
{
    public const int MaxSerials = 1000;

    public RevokeManyValidator()
    {
        RuleForNote(c => c.Note);
        RuleFor(c => c).Must(c => c.SerialNumbers is not null
            || c.Filter is not { IssuerId: null, ProfileId: null, PathId: null, Source: null })
            .WithMessage("body: must name at least one of profile_id, issuer_id, path_id, source, certificate_ids");
        RuleFor(c => c.SerialNumbers).Must(serials => serials is null or { Count: > 0 and <= MaxSerials })
            .WithMessage($"certificate_ids: must have 1 to {MaxSerials} values");
    }
}

public sealed class RevokeManyHandler(ICertificateInventory inventory, DatabaseClock clock)
    : IRequestHandler<RevokeManyCommand, AdminOutcome>
{
    private const int PageSize = 200;

    public async Task<AdminOutcome> Handle(RevokeManyCommand request, CancellationToken cancellationToken)
    {
        var (matched, revoked) = (0, 0);
        string?[] serials = request.SerialNumbers is { } listed ? [.. listed.Distinct(StringComparer.Ordinal)] : [null];
        foreach (var serial in serials)
        {
            CertificateMark? mark = null;
            CertificatePage page;
            do
            {
                page = await inventory.ListAsync(
                    request.Filter with { SerialNumber = serial },
                    await clock.NowAsync(cancellationToken), mark, 0, PageSize, cancellationToken);
                foreach (var certificate in page.Certificates)
                {
                    matched++;
                    if (await EndAsync(request, certificate, cancellationToken))
                        revoked++;
                    mark = new CertificateMark(certificate.CreatedAt, certificate.SerialNumber);
                }
            }
            while (page.HasMore);
        }

        return new AdminOutcome.Counted(matched, revoked);
    }

    // What has ended by itself, or is revoked, needs no revocation.
    private async Task<bool> EndAsync(RevokeManyCommand request, IssuedCertificate certificate, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        if (certificate.IsRevoked || certificate.NotAfter <= now)
            return false;
        if (request.DryRun)
            return true;
        var audit = RevocationTrail.Event(
            request, certificate, AuditAction.CertificateRevoked, $"{request.Reason}, many at once", request.Note, now);
        return await inventory.RevokeAsync(certificate.IssuerId, certificate.SerialNumber, request.Reason, now, invalidSince: null, audit, cancellationToken)
            is RevocationVerdict.Done;
    }
}
