using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Enrolment;

/// <summary>Turns what happened to a request into its line of the audit trail.</summary>
public static class EnrolmentTrail
{
    private const string Device = "scep-client";

    public static AuditEvent Issued(EnrolmentContext context, string action, IssuedCertificate certificate) =>
        Event(context.Profile, context.Origin, context.ReceivedAt, context.TransactionId, context.Signer, action, AuditOutcome.Issued, new()
        {
            ResourceType = "certificate",
            ResourceId = certificate.SerialNumber,
            Subject = certificate.Subject,
            SubjectAltNames = certificate.SubjectAltNames,
            SerialNumber = certificate.SerialNumber,
        });

    public static AuditEvent Pending(EnrolmentContext context, string action, Domain.Enrolment.Enrolment enrolment) =>
        Event(context.Profile, context.Origin, context.ReceivedAt, context.TransactionId, context.Signer, action, AuditOutcome.Pending, new()
        {
            ResourceType = "enrolment",
            ResourceId = enrolment.Id.ToString(),
            Subject = enrolment.Subject,
            SubjectAltNames = enrolment.SubjectAltNames,
        });

    public static AuditEvent Refused(
        ScepProfile profile, RequestOrigin origin, DateTimeOffset at, ScepRequestHead head, CertificateSigningRequest? csr, EnrolmentFailure failure) =>
        Event(profile, origin, at, head.TransactionId, head.Signer, ActionOf(head.MessageType), AuditOutcome.Refused, new()
        {
            ResourceType = "certificate",
            ResourceId = "",
            Reason = FailureTable.Of(failure.Reason).Label,
            Detail = failure.Detail,
            Subject = csr?.Subject.ToString(),
            SubjectAltNames = csr?.SubjectAltNames.Select(san => san.ToString()).ToArray() ?? [],
        });

    public static string ActionOf(EnrolmentKind kind) => kind switch
    {
        EnrolmentKind.PkcsReq => AuditAction.ScepPkcsReq,
        EnrolmentKind.RenewalReq => AuditAction.ScepRenewalReq,
    };

    public static string ActionOf(MessageType? type) => type switch
    {
        MessageType.PkcsReq => AuditAction.ScepPkcsReq,
        MessageType.RenewalReq => AuditAction.ScepRenewalReq,
        MessageType.GetCertInitial => AuditAction.ScepGetCertInitial,
        _ => AuditAction.ScepMessage,
    };

    private static AuditEvent Event(
        ScepProfile profile, RequestOrigin origin, DateTimeOffset at, TransactionId transaction, RequestSigner? signer,
        string action, AuditOutcome outcome, Facts facts) => new()
        {
            Id = Guid.CreateVersion7(at),
            Timestamp = at,
            Actor = Device,
            ActorType = "System",
            Action = action,
            Outcome = outcome,
            Reason = facts.Reason,
            Detail = facts.Detail,
            ResourceType = facts.ResourceType,
            ResourceId = facts.ResourceId,
            PathId = profile.PathId,
            ProfileId = profile.CertificateProfileId,
            TransactionId = transaction.Value,
            Subject = facts.Subject,
            SubjectAltNames = facts.SubjectAltNames,
            SerialNumber = facts.SerialNumber,
            Signer = signer is null ? null : $"{signer.Subject} #{Convert.ToHexStringLower(signer.SerialNumber.Span)}",
            SourceAddress = origin.SourceAddress,
            RequestId = origin.RequestId,
        };

    private sealed class Facts
    {
        public required string ResourceType { get; init; }

        public required string ResourceId { get; init; }

        public string? Reason { get; init; }

        public string? Detail { get; init; }

        public string? Subject { get; init; }

        public IReadOnlyList<string> SubjectAltNames { get; init; } = [];

        public string? SerialNumber { get; init; }
    }
}
