using System.Data.Common;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <summary>
/// A few certificates of a bulk revocation at a time. Revocations, their audit events and how far the job has come are one transaction: a
/// process that dies has done a slice or not begun it.
/// </summary>
internal sealed class JobSlices(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock)
{
    public static IQueryable<IssuedCertificate> Matching(CertctlDbContext db, RevocationCriteria criteria)
    {
        var certificates = db.Matching(criteria.Filter);
        return criteria.SerialNumbers is { } serials
            ? certificates.Where(certificate => serials.Contains(certificate.SerialNumber))
            : certificates;
    }

    /// <inheritdoc cref="IJobStore.RunSliceAsync"/>
    public async Task<SliceVerdict> RunAsync(
        JobLease lease,
        int size,
        TimeSpan length,
        Func<IssuedCertificate, DateTimeOffset, AuditEvent> audit,
        CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        try
        {
            return await RunAsync(db, lease, new Slice(size, now, now + length, audit), cancellationToken);
        }
        catch (DbException fault) when (WouldFailAgain(fault))
        {
            return new SliceVerdict.Refused(fault.Message);
        }
    }

    private static async Task<SliceVerdict> RunAsync(
        CertctlDbContext db, JobLease lease, Slice slice, CancellationToken cancellationToken)
    {
        await using var transaction = await db.BeginRevocationAsync(cancellationToken);

        // From here on the row is locked: it can neither be cancelled nor taken over while the slice is done.
        var own = db.Jobs.Where(job => job.Id == lease.Job.Id && job.Fence == lease.Fence && job.EndedAt == null);
        if (await own.ExecuteUpdateAsync(set => set.SetProperty(job => job.HeldUntil, slice.HeldUntil), cancellationToken) == 0)
            return new SliceVerdict.Lost();
        var row = await own.AsNoTracking().SingleAsync(cancellationToken);
        var keys = await After(Matching(db, lease.Job.Criteria), row)
            .OrderBy(one => one.CreatedAt).ThenBy(one => one.SerialNumber).ThenBy(one => one.IssuerId)
            .Take(slice.Size).Select(one => new CertificateKey(one.IssuerId, one.SerialNumber, one.CreatedAt))
            .ToListAsync(cancellationToken);
        if (keys.Count == 0)
            return new SliceVerdict.Committed(0);
        if (await RevokeAsync(db, keys, lease.Job.Reason, slice, cancellationToken) is not { } revoked)
            return new SliceVerdict.Raced();
        var last = keys[^1];
        await own.ExecuteUpdateAsync(
            set => set.SetProperty(job => job.Revoked, row.Revoked + revoked)
                .SetProperty(job => job.Skipped, row.Skipped + keys.Count - revoked)
                .SetProperty(job => job.LastCreatedAt, last.CreatedAt)
                .SetProperty(job => job.LastSerialNumber, last.SerialNumber)
                .SetProperty(job => job.LastIssuerId, last.IssuerId),
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new SliceVerdict.Committed(keys.Count);
    }

    /// <summary>Null: one of them was revoked or released meanwhile, and its event would say what has not happened.</summary>
    private static async Task<int?> RevokeAsync(
        CertctlDbContext db, List<CertificateKey> keys, RevocationReason reason, Slice slice, CancellationToken cancellationToken)
    {
        var serials = keys.Select(key => key.SerialNumber).ToList();
        var named = keys.Select(key => (key.IssuerId, key.SerialNumber)).ToHashSet();
        var open = await db.Certificates.AsNoTracking().Where(certificate => serials.Contains(certificate.SerialNumber))
            .MayBeRevoked(reason).Where(certificate => certificate.NotAfter > slice.Now).ToListAsync(cancellationToken);
        open.RemoveAll(certificate => !named.Contains((certificate.IssuerId, certificate.SerialNumber)));
        db.AuditEvents.AddRange(open.Select(certificate => slice.Audit(certificate, slice.Now)));
        await db.SaveChangesAsync(cancellationToken);

        // Last, because from then on every other revocation of the issuer waits. One statement an issuer: its epoch rises once.
        var changed = 0;
        foreach (var issuer in open.GroupBy(certificate => certificate.IssuerId).OrderBy(issuer => issuer.Key, StringComparer.Ordinal))
        {
            var of = issuer.Select(certificate => certificate.SerialNumber).ToList();
            changed += await db.Certificates
                .Where(certificate => certificate.IssuerId == issuer.Key && of.Contains(certificate.SerialNumber))
                .RevokeAsync(reason, slice.Now, invalidSince: null, cancellationToken);
        }

        return changed == open.Count ? changed : null;
    }

    private static IQueryable<IssuedCertificate> After(IQueryable<IssuedCertificate> certificates, StoredJob job) =>
        job is not { LastCreatedAt: { } at, LastSerialNumber: { } serial, LastIssuerId: { } issuer }
            ? certificates
            : certificates.Where(one => one.CreatedAt >= at && (one.CreatedAt > at || one.SerialNumber.CompareTo(serial) > 0
                || (one.SerialNumber == serial && one.IssuerId.CompareTo(issuer) > 0)));

    // What passes, and what another process or a migration may mend, is tried again instead.
    private static bool WouldFailAgain(DbException fault) =>
        DatabaseFault.KindOf(fault) == DatabaseFaultKind.Statement
        && !DatabaseFault.IsOtherSchema(fault) && !SessionFaults.IsTransient(fault);

    private sealed record CertificateKey(string IssuerId, string SerialNumber, DateTimeOffset CreatedAt);

    private sealed record Slice(
        int Size, DateTimeOffset Now, DateTimeOffset HeldUntil, Func<IssuedCertificate, DateTimeOffset, AuditEvent> Audit);
}
