using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using MediatR;

namespace Certctl.Application.Admin.Certificates;

/// <summary>A certificate is ended before its time.</summary>
/// <param name="SerialNumber">40 lower-case hex digits.</param>
/// <param name="Note">Free text for other operators; empty when there is none.</param>
public sealed record RevokeCertificateCommand(
    string IssuerId, string SerialNumber, RevocationReason Reason, string Note, AdminCaller Caller) : AdminCommand(Caller)
{
    /// <summary>Since when the key is known or thought to be compromised (RFC 5280 §5.3.2), not later than now; null: not known.</summary>
    public DateTimeOffset? InvalidSince { get; init; }
}

public sealed class RevokeCertificateValidator : AdminCommandValidator<RevokeCertificateCommand>
{
    public RevokeCertificateValidator() => RuleForNote(c => c.Note);
}

public sealed class RevokeCertificateHandler(ICertificateInventory inventory, DatabaseClock clock)
    : IRequestHandler<RevokeCertificateCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(RevokeCertificateCommand request, CancellationToken cancellationToken)
    {
        if (await inventory.FindAsync(request.IssuerId, request.SerialNumber, cancellationToken) is not { } certificate)
            return RevocationTrail.NotFound;
        var now = await clock.NowAsync(cancellationToken);
        if (request.InvalidSince > now)
            return new AdminOutcome.Invalid(["invalidity_date: it has not come yet"]);
        var act = request.InvalidSince is { } since ? $"{request.Reason}, invalid since {since.UtcDateTime:O}" : $"{request.Reason}";
        var audit = RevocationTrail.Event(request.Caller, certificate, AuditAction.CertificateRevoked, act, request.Note, now);
        return await inventory.RevokeAsync(
            certificate.IssuerId, certificate.SerialNumber, request.Reason, now, request.InvalidSince, audit, cancellationToken) switch
        {
            RevocationVerdict.Done => new AdminOutcome.Done($"revoked ({request.Reason})"),
            RevocationVerdict.Refused(var reason, var at) => new AdminOutcome.Conflict($"It has been revoked before: {reason}, at {at:O}."),
            _ => RevocationTrail.NotFound,
        };
    }
}

/// <summary>A certificate that is on hold counts again (RFC 5280 §5.3.1).</summary>
/// <param name="SerialNumber">40 lower-case hex digits.</param>
/// <param name="Note">Free text for other operators; empty when there is none.</param>
public sealed record ReleaseCertificateCommand(string IssuerId, string SerialNumber, string Note, AdminCaller Caller)
    : AdminCommand(Caller);

public sealed class ReleaseCertificateValidator : AdminCommandValidator<ReleaseCertificateCommand>
{
    public ReleaseCertificateValidator() => RuleForNote(c => c.Note);
}

public sealed class ReleaseCertificateHandler(ICertificateInventory inventory, DatabaseClock clock)
    : IRequestHandler<ReleaseCertificateCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReleaseCertificateCommand request, CancellationToken cancellationToken)
    {
        if (await inventory.FindAsync(request.IssuerId, request.SerialNumber, cancellationToken) is not { } certificate)
            return RevocationTrail.NotFound;
        var now = await clock.NowAsync(cancellationToken);
        var audit = RevocationTrail.Event(request.Caller, certificate, AuditAction.CertificateReleased, "hold ended", request.Note, now);
        return await inventory.ReleaseAsync(certificate.IssuerId, certificate.SerialNumber, now, audit, cancellationToken) switch
        {
            RevocationVerdict.Done => new AdminOutcome.Done("released"),
            RevocationVerdict.Refused(null, _) => new AdminOutcome.Conflict("It is not on hold: it is not revoked."),
            RevocationVerdict.Refused(var reason, var at) =>
                new AdminOutcome.Conflict($"It is not on hold: it was revoked for good ({reason}), at {at:O}."),
            _ => RevocationTrail.NotFound,
        };
    }
}
