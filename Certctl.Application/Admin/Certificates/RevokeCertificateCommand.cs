using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Certificates;

/// <summary>A certificate is ended before its time.</summary>
/// <param name="IssuerIds">It is a certificate of one of these.</param>
/// <param name="SerialNumber">40 lower-case hex digits.</param>
/// <param name="Note">The person's own words, for other people; empty when there are none.</param>
public sealed record RevokeCertificateCommand(IReadOnlyList<string> IssuerIds, string SerialNumber, RevocationReason Reason, string Actor, string Note, string Origin)
    : AdminCommand(Actor, Origin);

public sealed class RevokeCertificateValidator : AbstractValidator<RevokeCertificateCommand>
{
    public RevokeCertificateValidator()
    {
        RuleFor(c => c.Actor).NotEmpty().WithMessage("actor: whoever does it must be named");
        RuleFor(c => c.Note).MaximumLength(RevocationTrail.MaxNote).WithMessage($"note: at most {RevocationTrail.MaxNote} characters");
    }
}

public sealed class RevokeCertificateHandler(ICertificateInventory inventory, TimeProvider clock) : IRequestHandler<RevokeCertificateCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(RevokeCertificateCommand request, CancellationToken cancellationToken)
    {
        if (await inventory.FindAsync(request.IssuerIds, request.SerialNumber, cancellationToken) is not { } certificate)
            return RevocationTrail.NotFound(request.SerialNumber);
        var now = clock.GetUtcNow();
        var audit = RevocationTrail.Event(request, certificate, AuditAction.CertificateRevoked, RevocationTrail.Words(request.Origin, $"{request.Reason}", request.Note), now);
        return await inventory.RevokeAsync(certificate.IssuerId, certificate.SerialNumber, request.Reason, now, audit, cancellationToken) switch
        {
            RevocationVerdict.Done => new AdminOutcome.Done($"revoked ({request.Reason})"),
            RevocationVerdict.Refused(var reason, var at) => new AdminOutcome.Conflict($"It has been revoked before: {reason}, at {at:O}."),
            _ => RevocationTrail.NotFound(request.SerialNumber),
        };
    }
}

/// <summary>A certificate that is on hold counts again (RFC 5280 §5.3.1).</summary>
/// <param name="IssuerIds">It is a certificate of one of these.</param>
/// <param name="SerialNumber">40 lower-case hex digits.</param>
/// <param name="Note">The person's own words, for other people; empty when there are none.</param>
public sealed record ReleaseCertificateCommand(IReadOnlyList<string> IssuerIds, string SerialNumber, string Actor, string Note, string Origin) : AdminCommand(Actor, Origin);

public sealed class ReleaseCertificateValidator : AbstractValidator<ReleaseCertificateCommand>
{
    public ReleaseCertificateValidator()
    {
        RuleFor(c => c.Actor).NotEmpty().WithMessage("actor: whoever does it must be named");
        RuleFor(c => c.Note).MaximumLength(RevocationTrail.MaxNote).WithMessage($"note: at most {RevocationTrail.MaxNote} characters");
    }
}

public sealed class ReleaseCertificateHandler(ICertificateInventory inventory, TimeProvider clock) : IRequestHandler<ReleaseCertificateCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReleaseCertificateCommand request, CancellationToken cancellationToken)
    {
        if (await inventory.FindAsync(request.IssuerIds, request.SerialNumber, cancellationToken) is not { } certificate)
            return RevocationTrail.NotFound(request.SerialNumber);
        var audit = RevocationTrail.Event(
            request, certificate, AuditAction.CertificateReleased, RevocationTrail.Words(request.Origin, "hold ended", request.Note), clock.GetUtcNow());
        return await inventory.ReleaseAsync(certificate.IssuerId, certificate.SerialNumber, audit, cancellationToken) switch
        {
            RevocationVerdict.Done => new AdminOutcome.Done("released"),
            RevocationVerdict.Refused(null, _) => new AdminOutcome.Conflict("It is not on hold: it is not revoked."),
            RevocationVerdict.Refused(var reason, var at) => new AdminOutcome.Conflict($"It is not on hold: it was revoked for good ({reason}), at {at:O}."),
            _ => RevocationTrail.NotFound(request.SerialNumber),
        };
    }
}

/// <summary>Revocations and releases as lines of the audit trail.</summary>
public static class RevocationTrail
{
    public const int MaxNote = 1000;

    public static AdminOutcome NotFound(string serialNumber) => new AdminOutcome.NotFound($"There is no certificate {serialNumber}.");

    public static string Words(string origin, string act, string note) => note.Length == 0 ? $"{origin}: {act}" : $"{origin}: {act}: {note}";

    public static AuditEvent Event(AdminCommand command, IssuedCertificate certificate, string action, string detail, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = command.Actor,
        ActorType = "User",
        Action = action,
        Outcome = AuditOutcome.Done,
        Detail = detail,
        ResourceType = "certificate",
        ResourceId = certificate.SerialNumber,
        PathId = certificate.PathId,
        ProfileId = certificate.ProfileId,
        Subject = certificate.Subject,
        SubjectAltNames = certificate.SubjectAltNames,
        SerialNumber = certificate.SerialNumber,
    };
}
