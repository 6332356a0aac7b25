using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>
/// Who asks? Judged before the body is read, and for each request anew. What is in the request itself (challengePassword, the names that a
/// client certificate allows) is judged by the challenge kinds, which build on what is found here.
/// </summary>
public sealed class EstGate(EstCredentialCheck check, EstRefusals refusals, DatabaseClock clock)
{
    /// <summary>Admits a client, or records why not. Throws when the database fails: no client is admitted unchecked.</summary>
    public async Task<EstAdmission> AdmitAsync(
        EstProfile profile, ShownCredentials shown, EnrolmentKind kind, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        var (client, failure) = await check.JudgeAsync(profile, shown, kind, now, cancellationToken);
        if (failure is null)
            return new EstAdmission.Admitted(client);

        await refusals.RecordAsync(
            new(EstProtocol.Name, profile.Policy, client.Origin), now, EstRequestName.Of(kind), failure, cancellationToken);
        return new EstAdmission.Refused(failure);
    }

    /// <summary>Records the refusal of a request for what is not in it: its method, its type, its size.</summary>
    public async Task RecordAsync(
        EstProfile profile, RequestOrigin origin, EstRequestName name, EnrolmentFailure failure, CancellationToken cancellationToken) =>
        await refusals.RecordAsync(
            new(EstProtocol.Name, profile.Policy, origin), await clock.NowAsync(cancellationToken), name, failure, cancellationToken);

    /// <summary>
    /// For what needs no authentication but on the mTLS route: null when the client is let in; else the refusal is recorded.
    /// </summary>
    public async Task<EnrolmentFailure?> FindCertificateDefectAsync(
        EstProfile profile, ShownCredentials shown, EstRequestName name, CancellationToken cancellationToken)
    {
        if (!shown.OnMtlsRoute)
            return null;
        var now = await clock.NowAsync(cancellationToken);
        var (client, failure) = await check.JudgeReaderAsync(profile, shown, now, cancellationToken);
        if (failure is not null)
            await refusals.RecordAsync(new(EstProtocol.Name, profile.Policy, client.Origin), now, name, failure, cancellationToken);
        return failure;
    }
}
