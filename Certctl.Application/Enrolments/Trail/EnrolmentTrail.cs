using Certctl.Application.ClientCertificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>Turns what happened to a request into its line of the audit trail.</summary>
public static class EnrolmentTrail
{
    public static AuditEvent Issued(EnrolmentContext context, Enrolment enrolment, IssuedCertificate certificate) =>
        Event(context, enrolment, AuditOutcome.Issued) with
        {
            ResourceId = certificate.SerialNumber,
            Subject = certificate.Subject,
            SubjectAltNames = certificate.SubjectAltNames,
            SerialNumber = certificate.SerialNumber,
        };

    /// <summary>An older certificate that the issuance of <paramref name="issued"/> revokes.</summary>
    public static AuditEvent Superseded(AuditEvent issued, string serialNumber) => issued with
    {
        Id = Guid.CreateVersion7(issued.Timestamp),
        Action = AuditAction.CertificateRevoked,
        Outcome = AuditOutcome.Done,
        Detail = $"superseded by {issued.SerialNumber}",
        ResourceId = serialNumber,
        SerialNumber = serialNumber,
    };

    public static AuditEvent Pending(EnrolmentContext context, Enrolment enrolment) =>
        Event(context, enrolment, AuditOutcome.Pending) with
        {
            ResourceType = "enrolment",
            ResourceId = enrolment.Id.ToString(),
            Subject = enrolment.Subject,
            SubjectAltNames = enrolment.SubjectAltNames,
        };

    /// <param name="csr">Null where there is none, or it could not be read.</param>
    /// <param name="context">Null when the codec refused.</param>
    public static AuditEvent Refused(
        RequestDescription request, CertificateSigningRequest? csr, EnrolmentContext? context, EnrolmentFailure failure) =>
        Event(
            new RequestPlace(request.Protocol, request.Policy, request.Origin),
            request.ReceivedAt,
            request.Action(context?.Challenge?.Kind.AuditSuffix ?? ""),
            AuditOutcome.Refused) with
        {
            Reason = FailureTable.Of(failure.Reason).Label,

            // What the compliance service said before something else refused is a decision too.
            Detail = context?.ComplianceNote is { } note ? $"{failure.Detail} ({note})" : failure.Detail,
            DeviceName = context?.Challenge?.Claim?.DeviceName,
            ClaimSubject = context?.Challenge?.Claim?.Subject,
            ClaimIssuer = context?.Challenge?.Claim?.Issuer,
            TokenSha256 = context?.Challenge?.TokenSha256 is { IsEmpty: false } token ? Convert.ToHexStringLower(token.Span) : null,
            TransactionId = request.TransactionId?.ToString(),
            Signer = Describe(request.Signer),
            Subject = csr?.Subject.ToString(),
            SubjectAltNames = csr?.SubjectAltNames.Select(san => san.ToString()).ToArray() ?? [],
        };

    /// <summary>Refused before anything of the request could be read: only its origin is known.</summary>
    public static AuditEvent Unread(RequestPlace place, DateTimeOffset at, string action, EnrolmentFailure failure) =>
        Event(place, at, action, AuditOutcome.Refused) with
        {
            Reason = FailureTable.Of(failure.Reason).Label,
            Detail = failure.Detail,
        };

    /// <summary>The action of a request for a certificate.</summary>
    /// <param name="suffix">Of the kind of challenge that it came with; empty: none.</param>
    public static string ActionOf(EnrolmentKind kind, string suffix) => kind switch
    {
        EnrolmentKind.PkcsReq => AuditAction.ScepPkcsReq + suffix,
        EnrolmentKind.RenewalReq => AuditAction.ScepRenewalReq + suffix,
        EnrolmentKind.RawCsr => suffix.Length == 0 ? AuditAction.ScepRawCsr : AuditAction.ScepPkcsReq + suffix,
        EnrolmentKind.SimpleEnroll => AuditAction.EstSimpleEnroll + suffix,
        EnrolmentKind.SimpleReenroll => AuditAction.EstSimpleReenroll + suffix,
        EnrolmentKind.ServerKeyGen => AuditAction.EstServerKeyGen + suffix,
    };

    // What the challenge said stands with the enrolment: the poll that fetches what operators approved brings none.
    private static AuditEvent Event(EnrolmentContext context, Enrolment enrolment, AuditOutcome outcome) =>
        Event(
            new RequestPlace(context.Protocol, context.Policy, context.Origin),
            context.ReceivedAt,
            ActionOf(enrolment.Kind, context.KindOf(enrolment)?.AuditSuffix ?? ""),
            outcome) with
        {
            Detail = context.ComplianceNote,
            DeviceName = enrolment.DeviceName,
            ClaimSubject = enrolment.ClaimSubject,
            ClaimIssuer = enrolment.ClaimIssuer,
            TokenSha256 = enrolment.TokenSha256 is { } token ? Convert.ToHexStringLower(token) : null,
            TransactionId = context.TransactionId.ToString(),
            Signer = Describe(context.Requester),
        };

    private static AuditEvent Event(RequestPlace place, DateTimeOffset at, string action, AuditOutcome outcome) => new()
    {
        Id = Guid.CreateVersion7(at),
        Timestamp = at,
        Actor = $"{place.Protocol.ToLowerInvariant()}-client",
        ActorType = "System",
        Action = action,
        Outcome = outcome,
        ResourceType = "certificate",
        ResourceId = "",
        PathId = place.Policy.PathId,
        ProfileId = place.Policy.CertificateProfileId,
        SourceAddress = place.Origin.SourceAddress,
        RequestId = place.Origin.RequestId,
        ClientCertificate = place.Origin.ClientCertificate,
    };

    /// <summary>A client certificate, and who saw it if that was not this server.</summary>
    public static string? Describe(RequestSigner? certificate, ShownCertificates? shown) =>
        Describe(certificate) is { } text ? text + (shown?.Proxy is { } proxy ? $" by proxy {proxy}" : "") : null;

    public static string? Describe(RequestSigner? signer) =>
        signer is null or { HasCertificate: false } ? null : $"{signer.Subject} #{Convert.ToHexStringLower(signer.SerialNumber.Span)}";
}
