using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolments;

/// <summary>The certificate profiles.</summary>
public interface ICertificateProfileRepository
{
    /// <summary>
    /// The profile for an enrolment, or null. May be up to a few seconds old: the journal's commit checks the version again, so a stale
    /// answer can delay a request but never issue under an old rule. <paramref name="fresh"/> reads the database at once.
    /// </summary>
    Task<CertificateProfile?> FindAsync(string profileId, bool fresh, CancellationToken cancellationToken);

    Task<IReadOnlyList<CertificateProfile>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Inserts (<paramref name="expectedVersion"/> 0) or replaces the profile and appends the audit event in one transaction, or writes
    /// nothing and says why. The version is counted here, whatever <paramref name="profile"/> carries:
    /// the next of its id, also after a deletion.
    /// </summary>
    /// <param name="audit">The event, from the version that is stored.</param>
    Task<ProfileSaving> SaveAsync(
        CertificateProfile profile, int expectedVersion, Func<int, AuditEvent> audit, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the profile away and appends the audit event in one transaction, unless a certificate or an enrolment refers to it: who reads
    /// those must be able to look it up.
    /// </summary>
    Task<ProfileDeletion> DeleteAsync(string profileId, int expectedVersion, AuditEvent audit, CancellationToken cancellationToken);
}

/// <summary>What became of a profile that was to be taken away.</summary>
public enum ProfileDeletion
{
    Deleted,

    /// <summary>The stored version is not the expected one, or it is gone.</summary>
    ChangedMeanwhile,

    InUse,
}

/// <summary>What became of a profile that was to be stored.</summary>
public abstract record ProfileSaving
{
    private ProfileSaving()
    {
    }

    /// <param name="Version">As stored.</param>
    public sealed record Saved(int Version) : ProfileSaving;

    /// <summary>The stored version is not the expected one: another writer was faster.</summary>
    public sealed record ChangedMeanwhile : ProfileSaving;

    /// <summary>Another profile has this name.</summary>
    public sealed record NameTaken : ProfileSaving;
}
