using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Certificate profiles, within the request's deadline.</summary>
internal sealed class BoundedCertificateProfileRepository(ICertificateProfileRepository inner, DatabaseAccess access)
    : ICertificateProfileRepository
{
    public Task<CertificateProfile?> FindAsync(string profileId, bool fresh, CancellationToken cancellationToken) =>
        access.RunAsync(
            (inner, profileId, fresh, cancellationToken),
            static ask => ask.inner.FindAsync(ask.profileId, ask.fresh, ask.cancellationToken));

    public Task<IReadOnlyList<CertificateProfile>> ListAsync(CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ListAsync(cancellationToken));

    public Task<ProfileSaving> SaveAsync(
        CertificateProfile profile, int expectedVersion, Func<int, AuditEvent> audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.SaveAsync(profile, expectedVersion, audit, cancellationToken));

    public Task<ProfileDeletion> DeleteAsync(
        string profileId, int expectedVersion, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.DeleteAsync(profileId, expectedVersion, audit, cancellationToken));
}
