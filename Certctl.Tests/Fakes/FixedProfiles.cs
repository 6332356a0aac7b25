using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;

namespace Certctl.Tests.Fakes;

/// <summary>Certificate profiles in a list.</summary>
internal sealed class FixedProfiles(params CertificateProfile[] profiles) : ICertificateProfileRepository
{
    private readonly List<CertificateProfile> _profiles = [.. profiles];

    public Task<CertificateProfile?> FindAsync(string profileId, bool fresh, CancellationToken cancellationToken) =>
        Task.FromResult(_profiles.Find(p => p.Id == profileId));

    public Task<IReadOnlyList<CertificateProfile>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CertificateProfile>>(_profiles);

    public Task<ProfileSaving> SaveAsync(
        CertificateProfile profile, int expectedVersion, Func<int, AuditEvent> audit, CancellationToken cancellationToken)
    {
        _profiles.RemoveAll(p => p.Id == profile.Id);
        _profiles.Add(profile);
        return Task.FromResult<ProfileSaving>(new ProfileSaving.Saved(expectedVersion + 1));
    }

    public Task<ProfileDeletion> DeleteAsync(
        string profileId, int expectedVersion, AuditEvent audit, CancellationToken cancellationToken) =>
        Task.FromResult(_profiles.RemoveAll(p => p.Id == profileId && p.Version == expectedVersion) > 0
            ? ProfileDeletion.Deleted
            : ProfileDeletion.ChangedMeanwhile);
}
