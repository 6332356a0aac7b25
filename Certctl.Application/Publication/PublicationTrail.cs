using Certctl.Application.Issuers;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Audit;

namespace Certctl.Application.Publication;

/// <summary>What the server publishes by itself, as lines of the audit trail.</summary>
public static class PublicationTrail
{
    public static AuditEvent CrlPublished(CrlScope scope, PublishedCrl crl) => Event(
        scope.Name,
        AuditAction.CrlPublished,
        crl.ThisUpdate,
        $"CRL {crl.Number}, {crl.Entries} entries, until {crl.NextUpdate:O}{(crl.LastOf is null ? "" : ", the last one")}");

    public static AuditEvent OcspResponderRenewed(IPublishesStatus issuer, IOcspSigner responder, DateTimeOffset now) => Event(
        IssuerNames.Of(issuer), AuditAction.OcspResponderRenewed, now, $"valid until {responder.NotAfter:yyyy-MM-dd'T'HH:mm:ss'Z'}") with
    {
        Subject = responder.Subject,
        SerialNumber = responder.SerialNumber,
    };

    private static AuditEvent Event(string name, string action, DateTimeOffset now, string detail) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = "system",
        ActorType = "System",
        Action = action,
        Outcome = AuditOutcome.Done,
        Detail = detail,
        ResourceType = "issuer",
        ResourceId = name,
    };
}
