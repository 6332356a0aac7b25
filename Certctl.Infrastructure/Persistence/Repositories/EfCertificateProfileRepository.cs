using System.Collections.Concurrent;
using System.Data.Common;
using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="ICertificateProfileRepository"/>
internal sealed class EfCertificateProfileRepository(IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock)
    : ICertificateProfileRepository
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    // Holds profiles that exist; ids come from the configuration, and what is not found is not kept.
    private readonly ConcurrentDictionary<string, (Task<CertificateProfile?> Profile, long ReadAt)> _known = new(StringComparer.Ordinal);

    public Task<CertificateProfile?> FindAsync(string profileId, bool fresh, CancellationToken cancellationToken) =>
        !fresh && _known.TryGetValue(profileId, out var known) && clock.GetElapsedTime(known.ReadAt) < MaxAge
            ? known.Profile
            : ReadAsync(profileId, cancellationToken);

    private async Task<CertificateProfile?> ReadAsync(string profileId, CancellationToken cancellationToken)
    {
        var readAt = clock.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var profile = await db.CertificateProfiles.AsNoTracking().SingleOrDefaultAsync(p => p.Id == profileId, cancellationToken);
        if (profile is null)
            _known.TryRemove(profileId, out _);
        else
            _known[profileId] = (Task.FromResult<CertificateProfile?>(profile), readAt);
        return profile;
    }

    public async Task<IReadOnlyList<CertificateProfile>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.CertificateProfiles.AsNoTracking().OrderBy(profile => profile.Name).ToListAsync(cancellationToken);
    }

    private static Task<int> LastVersionAsync(CertctlDbContext db, string profileId, CancellationToken cancellationToken) =>
        db.DeletedProfiles.Where(deleted => deleted.ProfileId == profileId).Select(deleted => deleted.Version)
            .SingleOrDefaultAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// The stored version of a replaced profile is <paramref name="expectedVersion"/> + 1, and of a new one the next after those that were
    /// deleted under its id; its created_at stays.
    /// </remarks>
    public async Task<ProfileSaving> SaveAsync(
        CertificateProfile profile, int expectedVersion, Func<int, AuditEvent> audit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var stored = await db.CertificateProfiles.SingleOrDefaultAsync(p => p.Id == profile.Id, cancellationToken);
        if ((stored?.Version ?? 0) != expectedVersion)
            return new ProfileSaving.ChangedMeanwhile();
        var entry = stored is not null
            ? db.Entry(stored)
            : db.Add(new CertificateProfile { Id = profile.Id, Name = profile.Name, AllowedKeyAlgorithms = [], AllowedEkus = [] });
        var createdAt = stored?.CreatedAt ?? profile.CreatedAt;
        entry.CurrentValues.SetValues(profile);
        var version = 1 + (stored is null ? await LastVersionAsync(db, profile.Id, cancellationToken) : expectedVersion);
        entry.Property(p => p.Version).CurrentValue = version;
        entry.Property(p => p.CreatedAt).CurrentValue = createdAt;
        db.AuditEvents.Add(audit(version));
        var obstacle = await TrySaveAsync(db, profile, inserts: stored is null, cancellationToken);
        if (obstacle is null && stored is null && await IsOutlivedAsync(db, entry.Entity, cancellationToken))
            return new ProfileSaving.ChangedMeanwhile();
        if (obstacle is null)
            await transaction.CommitAsync(cancellationToken);
        _known.TryRemove(profile.Id, out _);
        return obstacle ?? new ProfileSaving.Saved(version);
    }

    public async Task<ProfileDeletion> DeleteAsync(
        string profileId, int expectedVersion, AuditEvent audit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.CertificateProfiles.Where(p => p.Id == profileId && p.Version == expectedVersion)
            .ExecuteDeleteAsync(cancellationToken) == 0)
            return ProfileDeletion.ChangedMeanwhile;

        // A request that was vetted before may commit while this is decided:
        // its certificate then names a profile that can no longer be looked up, no more.
        if (await db.Certificates.AnyAsync(certificate => certificate.ProfileId == profileId, cancellationToken)
            || await db.Enrolments.AnyAsync(
                enrolment => enrolment.ProfileId == profileId && enrolment.SerialNumber == null, cancellationToken))
            return ProfileDeletion.InUse;
        var earlier = await db.DeletedProfiles.Where(deleted => deleted.ProfileId == profileId)
            .ExecuteUpdateAsync(set => set.SetProperty(deleted => deleted.Version, expectedVersion), cancellationToken);
        if (earlier == 0)
            db.DeletedProfiles.Add(new DeletedProfile { ProfileId = profileId, Version = expectedVersion });
        db.AuditEvents.Add(audit);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _known.TryRemove(profileId, out _);
        return ProfileDeletion.Deleted;
    }

    // Asked once the row is in: from here on no other transaction makes or deletes a profile of this id.
    private static Task<bool> IsOutlivedAsync(CertctlDbContext db, CertificateProfile profile, CancellationToken cancellationToken) =>
        db.DeletedProfiles.AnyAsync(deleted => deleted.ProfileId == profile.Id && deleted.Version >= profile.Version, cancellationToken);

    /// <returns>Why it could not be saved, or null.</returns>
    private async Task<ProfileSaving?> TrySaveAsync(
        CertctlDbContext db, CertificateProfile profile, bool inserts, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return null;
        }
        catch (DbUpdateConcurrencyException)
        {
            return new ProfileSaving.ChangedMeanwhile();
        }
        catch (DbException)
        {
            // A unique key was met, or the database is away: a look at the rows tells which, in either database's dialect.
            await using var now = await contexts.CreateDbContextAsync(cancellationToken);
            if (await now.CertificateProfiles.AnyAsync(other => other.Name == profile.Name && other.Id != profile.Id, cancellationToken))
                return new ProfileSaving.NameTaken();
            if (inserts && await now.CertificateProfiles.AnyAsync(other => other.Id == profile.Id, cancellationToken))
                return new ProfileSaving.ChangedMeanwhile();
            throw;
        }
    }
}
