using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Publication;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="ICrlStore"/>
/// <remarks>One conditional statement decides each time, so of two processes one changes a row.</remarks>
internal sealed class EfCrlStore(IDbContextFactory<CertctlDbContext> contexts, ListContexts lists, DatabaseClock clock) : ICrlStore
{
    private const string Free = "INSERT INTO crl_leases (issuer_id, key_id, holder, fence, held_until) VALUES ({0}, {1}, '', 0, ";
    private const string FreeOnPostgres = Free + "to_timestamp(0)) ON CONFLICT DO NOTHING";
    private const string FreeOnSqlite = Free + "0) ON CONFLICT DO NOTHING";

    public async Task<CrlState> StateAsync(string issuerId, string keyId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // The epoch first: a list that is published in between stands for it or for a later one.
        var epoch = await db.RevocationEpochs.Where(row => row.IssuerId == issuerId).Select(row => row.Epoch)
            .FirstOrDefaultAsync(cancellationToken);
        var last = await db.Crls.Where(crl => crl.IssuerId == issuerId && crl.KeyId == keyId)
            .Select(crl => new CrlHead(crl.Number, crl.Epoch, crl.ThisUpdate, crl.NextUpdate)
            {
                Base = crl.BaseNumber == null ? null : new CrlBase(crl.BaseNumber.Value, crl.BaseThisUpdate!.Value),
            })
            .FirstOrDefaultAsync(cancellationToken);
        return new CrlState(epoch, last);
    }

    public async Task<IReadOnlyList<CrlPartitionState>> PartitionsAsync(
        string issuerId, string keyId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // The epochs first, as above.
        var partitions = await db.CrlPartitions.Where(row => row.IssuerId == issuerId && row.KeyId == keyId)
            .OrderBy(row => row.Url).Select(row => new { row.Url, row.Epoch }).ToListAsync(cancellationToken);
        if (partitions.Count == 0)
            return [];
        var first = CrlScope.KeyOf(keyId, "");
        var heads = await db.Crls.Where(crl => crl.IssuerId == issuerId && crl.KeyId.StartsWith(first))
            .Select(crl => new { crl.KeyId, Head = new CrlHead(crl.Number, crl.Epoch, crl.ThisUpdate, crl.NextUpdate) })
            .ToDictionaryAsync(crl => crl.KeyId, crl => crl.Head, cancellationToken);
        return [.. partitions.Select(partition => new CrlPartitionState(
            partition.Url,
            new CrlState(partition.Epoch, heads.GetValueOrDefault(CrlScope.KeyOf(keyId, CrlPartition.NameOf(partition.Url))))))];
    }

    // Tens of megabytes have the time of a list.
    public async Task<PublishedCrl?> ReadAsync(string issuerId, string keyId, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        return await db.Crls.Where(crl => crl.IssuerId == issuerId && crl.KeyId == keyId)
            .Select(crl => new PublishedCrl(crl.Number, crl.ThisUpdate, crl.NextUpdate, crl.Entries, crl.Der))
            .FirstOrDefaultAsync(cancellationToken);
    }

    public async Task<CrlLease?> TakeLeaseAsync(
        string issuerId, string keyId, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var leases = db.CrlLeases.AsNoTracking().Where(lease => lease.IssuerId == issuerId && lease.KeyId == keyId);
        if (await leases.FirstOrDefaultAsync(cancellationToken) is not { } stored)
        {
            // Two may come first: the row is there once, and held by neither.
            await db.Database.ExecuteSqlRawAsync(
                db.Database.IsSqlite() ? FreeOnSqlite : FreeOnPostgres, [issuerId, keyId], cancellationToken);
            stored = await leases.FirstAsync(cancellationToken);
        }

        // A lease that ends later than any can was taken when the clock was ahead.
        if (stored.Holder != holder && stored.HeldUntil > now && stored.HeldUntil <= now + length)
            return null;
        var taken = await db.CrlLeases
            .Where(lease => lease.IssuerId == issuerId && lease.KeyId == keyId && lease.Fence == stored.Fence)
            .ExecuteUpdateAsync(
                set => set.SetProperty(lease => lease.Holder, holder)
                    .SetProperty(lease => lease.Fence, stored.Fence + 1)
                    .SetProperty(lease => lease.HeldUntil, now + length),
                cancellationToken);
        return taken > 0 ? new CrlLease(issuerId, keyId, holder, stored.Fence + 1) : null;
    }

    public async Task<bool> RenewAsync(CrlLease lease, TimeSpan length, CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.CrlLeases
            .Where(row => row.IssuerId == lease.IssuerId && row.KeyId == lease.KeyId && row.Fence == lease.Fence)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.HeldUntil, now + length), cancellationToken) > 0;
    }

    public async Task<bool> SaveAsync(
        CrlLease lease, PublishedCrl crl, long epoch, AuditEvent audit, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The fence of the lease, not of the row, is the judge: a complete CRL and its delta are two rows under one lease.
        var isHeld = await db.CrlLeases
            .Where(held => held.IssuerId == lease.IssuerId && held.KeyId == lease.KeyId && held.Fence == lease.Fence)
            .ExecuteUpdateAsync(set => set.SetProperty(held => held.Holder, lease.Holder), cancellationToken) > 0;
        if (!isHeld)
            return false;
        var (number, thisUpdate) = (crl.Base?.Number, crl.Base?.ThisUpdate);
        var row = db.Crls.Where(stored => stored.IssuerId == lease.IssuerId && stored.KeyId == lease.ListKey);
        var replaced = await row.Where(stored => stored.Number < crl.Number && stored.Fence <= lease.Fence)
            .ExecuteUpdateAsync(
                set => set.SetProperty(stored => stored.Number, crl.Number)
                    .SetProperty(stored => stored.Epoch, epoch)
                    .SetProperty(stored => stored.Fence, lease.Fence)
                    .SetProperty(stored => stored.ThisUpdate, crl.ThisUpdate)
                    .SetProperty(stored => stored.NextUpdate, crl.NextUpdate)
                    .SetProperty(stored => stored.BaseNumber, number)
                    .SetProperty(stored => stored.BaseThisUpdate, thisUpdate)
                    .SetProperty(stored => stored.Entries, crl.Entries)
                    .SetProperty(stored => stored.Der, crl.Der),
                cancellationToken) > 0;
        if (!replaced)
        {
            if (await row.AnyAsync(cancellationToken))
                return false;
            db.Crls.Add(new StoredCrl
            {
                IssuerId = lease.IssuerId,
                KeyId = lease.ListKey,
                Number = crl.Number,
                Epoch = epoch,
                Fence = lease.Fence,
                ThisUpdate = crl.ThisUpdate,
                NextUpdate = crl.NextUpdate,
                BaseNumber = number,
                BaseThisUpdate = thisUpdate,
                Entries = crl.Entries,
                Der = crl.Der,
            });
        }

        db.AuditEvents.Add(audit);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
