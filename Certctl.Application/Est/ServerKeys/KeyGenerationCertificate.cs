using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Domain.Audit;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Est.ServerKeys;

/// <summary>The certificate by which this process signs the keys that it makes.</summary>
/// <param name="serialNumber">40 lower-case hex digits.</param>
public sealed class KeyGenerationCertificate(string subject, string serialNumber, DateTimeOffset notAfter)
{
    private volatile bool _isRecorded;

    public string Subject => subject;

    public string SerialNumber => serialNumber;

    public DateTimeOffset NotAfter => notAfter;

    public bool IsRecorded => _isRecorded;

    public void MarkRecorded() => _isRecorded = true;
}

/// <summary>Records which certificates this process got for making keys: nothing is signed by one that the audit trail does not know.</summary>
public sealed partial class KeyGenerationAuditEvents(IAuditRepository audit, ILogger<KeyGenerationAuditEvents> logger)
{
    /// <summary>Once for each certificate, or twice where two requests come at once. Throws when the database cannot be written.</summary>
    public async Task RecordAsync(
        ICertificateIssuer issuer, KeyGenerationCertificate? certificate, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (certificate is null or { IsRecorded: true })
            return;
        await audit.AppendAsync(Event(issuer, certificate, now), cancellationToken);
        certificate.MarkRecorded();
        LogCertified(certificate.SerialNumber, issuer.IssuerId, certificate.NotAfter);
    }

    private static AuditEvent Event(ICertificateIssuer issuer, KeyGenerationCertificate certificate, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = "system",
        ActorType = "System",
        Action = AuditAction.KeyGenerationCertified,
        Outcome = AuditOutcome.Done,
        Detail = $"valid until {certificate.NotAfter:yyyy-MM-dd'T'HH:mm:ss'Z'}",
        ResourceType = "issuer",
        ResourceId = issuer.IssuerId,
        Subject = certificate.Subject,
        SerialNumber = certificate.SerialNumber,
    };

    [LoggerMessage(1, LogLevel.Information, "Certificate {SerialNumber} of {IssuerId} for making keys is used until {End:O}")]
    private partial void LogCertified(string serialNumber, string issuerId, DateTimeOffset end);
}
