using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep.Mtls;

/// <summary>Result of the check of a client certificate.</summary>
public abstract record MtlsAdmission
{
    private MtlsAdmission()
    {
    }

    /// <param name="Origin">Says from now on with which certificate the client came.</param>
    public sealed record Admitted(RequestOrigin Origin) : MtlsAdmission;

    /// <param name="PublicText">What the client may know.</param>
    public sealed record Refused(string PublicText) : MtlsAdmission;
}

/// <summary>
/// The gate before <c>/scep-mtls</c>. It stands before the challenge and replaces none of it: both are needed. Every request is judged anew
/// against its own profile's bundle, whatever the connection was let in to before.
/// </summary>
public sealed partial class MtlsGate(
    ClientCertificateCheck check, IAuditRepository audit, EnrolmentMetrics metrics, DatabaseClock clock, ILogger<MtlsGate> logger)
{
    /// <summary>Admits a client, or records why not. Throws when the database fails: no client is admitted unchecked.</summary>
    /// <param name="profile">One that has a <see cref="ScepProfile.ClientTrust"/>.</param>
    /// <param name="shown">Null when the client has shown no certificate.</param>
    public async Task<MtlsAdmission> AdmitAsync(
        ScepProfile profile, ShownCertificates? shown, RequestOrigin origin, CancellationToken cancellationToken)
    {
        var trust = profile.ClientTrust ?? throw new InvalidOperationException($"SCEP profile \"{profile.PathId}\" has no mTLS route.");
        var now = await clock.NowAsync(cancellationToken);
        var (certificate, failure, _) = await check.JudgeAsync(
            new GuardedEndpoint(profile.Policy, trust, ScepProtocol.Name), shown, now, cancellationToken);
        origin = origin with { ClientCertificate = EnrolmentTrail.Describe(certificate, shown) };
        if (failure is null)
            return new MtlsAdmission.Admitted(origin);

        var row = FailureTable.Of(failure.Reason);
        var refusal = EnrolmentTrail.Unread(
            new RequestPlace(ScepProtocol.Name, profile.Policy, origin), now, AuditAction.ScepMtls, failure);
        await audit.AppendRefusalAsync(refusal, cancellationToken);
        metrics.NotAdmitted(ScepProtocol.Name, profile.PathId, "unknown", row.Label);
        LogRefused(profile.PathId, row.Label, failure.Detail, origin.ClientCertificate, origin.SourceAddress, origin.RequestId);
        return new MtlsAdmission.Refused(row.PublicText);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "SCEP \"{PathId}\" mTLS refused {Reason}: {Detail}; client certificate {ClientCertificate} from {Source} request {RequestId}")]
    private partial void LogRefused(
        string pathId, string reason, string detail, string? clientCertificate, string? source, string requestId);
}
