using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
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
    IEnrolmentRepository enrolments, IAuditRepository audit, EnrolmentMetrics metrics, DatabaseClock clock, ILogger<MtlsGate> logger)
{
    /// <summary>Admits a client, or records why not. Throws when the database fails: no client is admitted unchecked.</summary>
    /// <param name="profile">One that has a <see cref="ScepProfile.ClientTrust"/>.</param>
    /// <param name="shown">Null when the client has shown no certificate.</param>
    public async Task<MtlsAdmission> AdmitAsync(
        ScepProfile profile, ShownCertificates? shown, RequestOrigin origin, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        var (certificate, failure) = await JudgeAsync(profile, shown, now, cancellationToken);
        origin = origin with { ClientCertificate = EnrolmentTrail.Describe(certificate) };
        if (failure is null)
            return new MtlsAdmission.Admitted(origin);

        var row = FailureTable.Of(failure.Reason);
        var refusal = EnrolmentTrail.Unread(
            new RequestPlace(ScepProtocol.Name, profile.Policy, origin), now, AuditAction.ScepMtls, failure);
        await audit.AppendRefusalAsync(refusal, cancellationToken);
        metrics.NotAdmitted(ScepProtocol.Name, profile.PathId, row.Label);
        LogRefused(profile.PathId, row.Label, failure.Detail, origin.ClientCertificate, origin.SourceAddress, origin.RequestId);
        return new MtlsAdmission.Refused(row.PublicText);
    }

    private async Task<(RequestSigner? Certificate, EnrolmentFailure? Failure)> JudgeAsync(
        ScepProfile profile, ShownCertificates? shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (shown is null)
            return (null, new EnrolmentFailure(FailureReason.ClientCertificateMissing, "the TLS client showed no certificate"));
        var trust = profile.ClientTrust ?? throw new InvalidOperationException($"SCEP profile \"{profile.PathId}\" has no mTLS route.");
        return trust.Judge(shown, now) switch
        {
            ClientVerdict.Untrusted(var certificate, var why) =>
                (certificate, new EnrolmentFailure(FailureReason.ClientCertificateUntrusted, why)),
            ClientVerdict.Trusted(var certificate, { } issuerId) =>
                (certificate, await JudgeOursAsync(profile, issuerId, certificate, cancellationToken)),
            ClientVerdict.Trusted(var certificate, null) => (certificate, await JudgeKnownAsync(profile, certificate, cancellationToken)),
            _ => throw new InvalidOperationException("A client verdict is one of two."),
        };
    }

    // A certificate of ours is worth what the journal says of it. All profiles may share one CA,
    // so the bundle alone cannot tell whose certificate it is.
    private async Task<EnrolmentFailure?> JudgeOursAsync(
        ScepProfile profile, string issuerId, RequestSigner certificate, CancellationToken cancellationToken)
    {
        if (await KnownSigner.FindAsync(enrolments, issuerId, certificate, cancellationToken) is not { } known)
            return new(FailureReason.ClientCertificateUnknown, $"it names {issuerId} as its issuer and is not in the journal");
        return Judge(profile, known);
    }

    // The CA that follows and the one before have names of their own, and their certificates stand in the same journal.
    private async Task<EnrolmentFailure?> JudgeKnownAsync(
        ScepProfile profile, RequestSigner certificate, CancellationToken cancellationToken) =>
        await KnownSigner.FindAsync(enrolments, profile.Policy.Issuer.IssuerId, certificate, cancellationToken) is { } known
            ? Judge(profile, known)
            : null;

    private static EnrolmentFailure? Judge(ScepProfile profile, IssuedCertificate known)
    {
        if (known.IsRevoked)
            return new(FailureReason.ClientCertificateRevoked, $"{known.SerialNumber} was revoked at {known.RevokedAt:O}");
        return known.PathId != profile.PathId
            ? new(FailureReason.ClientCertificateUntrusted, $"{known.SerialNumber} was issued on path \"{known.PathId}\"")
            : null;
    }

    [LoggerMessage(1, LogLevel.Warning,
        "SCEP \"{PathId}\" mTLS refused {Reason}: {Detail}; client certificate {ClientCertificate} from {Source} request {RequestId}")]
    private partial void LogRefused(
        string pathId, string reason, string detail, string? clientCertificate, string? source, string requestId);
}
