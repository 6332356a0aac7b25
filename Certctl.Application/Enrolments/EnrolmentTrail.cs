using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>Turns what happened to a request into its line of the audit trail.</summary>
public static class EnrolmentTrail
{
    private const string Device = "scep-client";

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

    public static AuditEvent Refused(
        EnrolmentPolicy policy,
        RequestOrigin origin,
        DateTimeOffset at,
        ScepRequestHead head,
        CertificateSigningRequest? csr,
        EnrolmentContext? context,
        EnrolmentFailure failure) =>
        Refused(Event(policy, origin, at, ActionOf(head.MessageType, context?.Trace is not null), AuditOutcome.Refused), context, failure) with
        {
            TransactionId = head.TransactionId.ToString(),
            Signer = Describe(head.Signer),
            Subject = csr?.Subject.ToString(),
            SubjectAltNames = csr?.SubjectAltNames.Select(san => san.ToString()).ToArray() ?? [],
        };

    /// <summary>A PKCS#10 in the clear; null where not even that could be read.</summary>
    public static AuditEvent RefusedRawCsr(
        EnrolmentPolicy policy,
        RequestOrigin origin,
        DateTimeOffset at,
        CertificateSigningRequest? csr,
        EnrolmentContext? context,
        EnrolmentFailure failure) =>
        Refused(Event(policy, origin, at, ActionOf(EnrolmentKind.RawCsr, context?.Trace is not null), AuditOutcome.Refused), context, failure) with
        {
            TransactionId = csr is null ? null : TransactionId.Of(csr).ToString(),
            Subject = csr?.Subject.ToString(),
            SubjectAltNames = csr?.SubjectAltNames.Select(san => san.ToString()).ToArray() ?? [],
        };

    /// <summary>Octets that are no pkiMessage: nothing is known but where they came from.</summary>
    public static AuditEvent Unreadable(EnrolmentPolicy policy, RequestOrigin origin, DateTimeOffset at, string defect) =>
        Event(policy, origin, at, AuditAction.ScepMessage, AuditOutcome.Refused) with
        {
            Reason = FailureTable.Of(FailureReason.MalformedRequest).Label,
            Detail = defect,
        };

    /// <summary>Turned away from the mTLS route: the origin says who it was.</summary>
    public static AuditEvent NotAdmitted(EnrolmentPolicy policy, RequestOrigin origin, DateTimeOffset at, EnrolmentFailure failure) =>
        Event(policy, origin, at, AuditAction.ScepMtls, AuditOutcome.Refused) with
        {
            Reason = FailureTable.Of(failure.Reason).Label,
            Detail = failure.Detail,
        };

    // What the compliance service said before something else refused is a decision too.
    private static AuditEvent Refused(AuditEvent refused, EnrolmentContext? context, EnrolmentFailure failure) => refused with
    {
        Reason = FailureTable.Of(failure.Reason).Label,
        Detail = context?.ComplianceNote is { } note ? $"{failure.Detail} ({note})" : failure.Detail,
        DeviceName = context?.Trace?.Claim?.DeviceName,
        ClaimSubject = context?.Trace?.Claim?.Subject,
        ClaimIssuer = context?.Trace?.Claim?.Issuer,
        TokenSha256 = context?.Trace is { } trace ? Convert.ToHexStringLower(trace.TokenSha256.Span) : null,
    };

    private static string ActionOf(EnrolmentKind kind, bool intune) => kind switch
    {
        EnrolmentKind.PkcsReq => intune ? AuditAction.ScepPkcsReqIntune : AuditAction.ScepPkcsReq,
        EnrolmentKind.RenewalReq => intune ? AuditAction.ScepRenewalReqIntune : AuditAction.ScepRenewalReq,
        EnrolmentKind.RawCsr => intune ? AuditAction.ScepPkcsReqIntune : AuditAction.ScepRawCsr,
    };

    private static string ActionOf(MessageType? type, bool intune) => type switch
    {
        MessageType.PkcsReq => ActionOf(EnrolmentKind.PkcsReq, intune),
        MessageType.RenewalReq => ActionOf(EnrolmentKind.RenewalReq, intune),
        MessageType.GetCertInitial => AuditAction.ScepGetCertInitial,
        MessageType.GetCert => AuditAction.ScepGetCert,
        MessageType.GetCrl => AuditAction.ScepGetCrl,
        _ => AuditAction.ScepMessage,
    };

    // What the challenge said stands with the enrolment: whoever fetches what people approved brings none.
    private static AuditEvent Event(EnrolmentContext context, Enrolment enrolment, AuditOutcome outcome) =>
        Event(context.Policy, context.Origin, context.ReceivedAt, ActionOf(enrolment.Kind, enrolment.TokenSha256 is not null), outcome) with
        {
            Detail = context.ComplianceNote,
            DeviceName = enrolment.DeviceName,
            ClaimSubject = enrolment.ClaimSubject,
            ClaimIssuer = enrolment.ClaimIssuer,
            TokenSha256 = enrolment.TokenSha256 is { } token ? Convert.ToHexStringLower(token) : null,
            TransactionId = context.TransactionId.ToString(),
            Signer = Describe(context.Requester),
        };

    private static AuditEvent Event(EnrolmentPolicy policy, RequestOrigin origin, DateTimeOffset at, string action, AuditOutcome outcome) => new()
    {
        Id = Guid.CreateVersion7(at),
        Timestamp = at,
        Actor = Device,
        ActorType = "System",
        Action = action,
        Outcome = outcome,
        ResourceType = "certificate",
        ResourceId = "",
        PathId = policy.PathId,
        ProfileId = policy.CertificateProfileId,
        SourceAddress = origin.SourceAddress,
        RequestId = origin.RequestId,
        ClientCertificate = origin.ClientCertificate,
    };

    public static string? Describe(RequestSigner? signer) =>
        signer is null or { HasCertificate: false } ? null : $"{signer.Subject} #{Convert.ToHexStringLower(signer.SerialNumber.Span)}";
}
