using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>
/// How many certificates match a filter. A status changes with time and by revocation, but each of these sets only grows, in the order of
/// one date of its members: what was issued (created_at), what has ended by itself (not_after), what was revoked for good (revoked_at), and
/// what is both (the later of the two). Each status count is a sum and difference of these sets;
/// holds are counted live because they are few and reversible.
/// </summary>
internal sealed class CertificateTotals(ListContexts lists, TimeProvider clock)
{
    private readonly SettledCounts _settled = new(clock);

    internal enum Part
    {
        Issued,
        Ended,
        Revoked,
        EndedRevoked,

        /// <summary>On hold.</summary>
        Held,

        /// <summary>On hold, and not ended.</summary>
        LiveHeld,

        /// <summary>On hold, and ended.</summary>
        EndedHeld,
    }

    /// <summary>What is settled of the parts that this status is made of.</summary>
    public async Task<IReadOnlyDictionary<Part, Settled>> SettleAsync(CertificateFilter filter, CancellationToken cancellationToken)
    {
        var immutable = filter with { Status = null };
        var settled = new Dictionary<Part, Settled>();
        foreach (var part in PartsOf(filter.Status).Where(part => part < Part.Held))
            settled[part] = await _settled.FindAsync(
                (part, immutable), (from, to) => SettleAsync(immutable, part, from, to), cancellationToken);
        return settled;
    }

    /// <summary>All of the filter, with what came since.</summary>
    public static async Task<CountSnapshot> CountAsync(
        CertctlDbContext db,
        CertificateFilter filter,
        IReadOnlyDictionary<Part, Settled> settled,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var parts = PartsOf(filter.Status);
        var wanted = db.Matching(filter with { Status = null });
        var held = db.Matching(filter with { Status = null }, textByIndex: false).OnHold();

        // One statement, so that nothing moves from one part to another meanwhile.
        var since = await Tallies(
            parts.SelectMany(part => Members(wanted, held, part, settled.GetValueOrDefault(part)?.Mark, now).Select(rows => (part, rows))))
            .ToListAsync(cancellationToken);
        var all = since.Select(row => (row.Part, Counted: row.Of)).Concat(settled.Select(pair => (Part: (int)pair.Key, pair.Value.Counted)))
            .GroupBy(pair => (Part)pair.Part, pair => pair.Counted)
            .ToDictionary(group => group.Key, group => group.Aggregate(CountSnapshot.None, (sum, more) => sum.And(more)));
        long Of(Part part) => all.GetValueOrDefault(part, CountSnapshot.None).Count;

        return filter.Status switch
        {
            CertificateStatus.Active => all.GetValueOrDefault(Part.Issued, CountSnapshot.None) with
            {
                Count = Of(Part.Issued) - Of(Part.Ended) - Of(Part.Revoked) + Of(Part.EndedRevoked) - Of(Part.LiveHeld),
            },
            CertificateStatus.Expired => all.GetValueOrDefault(Part.Ended, CountSnapshot.None) with
            {
                Count = Of(Part.Ended) - Of(Part.EndedRevoked) - Of(Part.EndedHeld),
            },
            _ => all.GetValueOrDefault(parts[0], CountSnapshot.None),
        };
    }

    private static Part[] PartsOf(CertificateStatus? status) => status switch
    {
        CertificateStatus.Active => [Part.Issued, Part.Ended, Part.Revoked, Part.EndedRevoked, Part.LiveHeld],
        CertificateStatus.Expired => [Part.Ended, Part.EndedRevoked, Part.EndedHeld],
        CertificateStatus.Revoked => [Part.Revoked],
        CertificateStatus.OnHold => [Part.Held],
        _ => [Part.Issued],
    };

    private async Task<CountSnapshot> SettleAsync(CertificateFilter filter, Part part, DateTimeOffset? from, DateTimeOffset to)
    {
        await using var db = await lists.CreateAsync(CancellationToken.None);
        db.Database.SetCommandTimeout(SettledCounts.Patience);
        await using var reading = await db.BeginListAsync(CancellationToken.None);
        var wanted = db.Matching(filter);
        var rows = await Tallies(Settling(wanted, part, from, to).Select(members => (part, members))).ToListAsync();
        return rows.Aggregate(CountSnapshot.None, (sum, row) => sum.And(row.Of));
    }

    /// <summary>
    /// Those that came to the part before <paramref name="to"/>, of them since <paramref name="from"/>;
    /// in pieces that do not overlap, each for an index.
    /// </summary>
    private static IEnumerable<IQueryable<IssuedCertificate>> Settling(
        IQueryable<IssuedCertificate> wanted, Part part, DateTimeOffset? from, DateTimeOffset to) => part switch
        {
            Part.Issued => [Since(wanted, from).Where(certificate => certificate.CreatedAt < to)],
            Part.Ended => [EndedSince(wanted, from).Where(certificate => certificate.NotAfter < to)],
            Part.Revoked => [RevokedSince(wanted, from).Where(certificate => certificate.RevokedAt < to)],
            _ => Both(wanted, from).Select(rows => rows.Where(certificate => certificate.RevokedAt < to && certificate.NotAfter < to)),
        };

    /// <summary>Those that came to the part since the mark, up to now.</summary>
    private static IEnumerable<IQueryable<IssuedCertificate>> Members(
        IQueryable<IssuedCertificate> wanted,
        IQueryable<IssuedCertificate> held,
        Part part,
        DateTimeOffset? mark,
        DateTimeOffset now) => part switch
        {
            Part.Issued => [Since(wanted, mark)],
            Part.Ended => [EndedSince(wanted, mark).Where(certificate => certificate.NotAfter <= now)],
            Part.Revoked => [RevokedSince(wanted, mark)],
            Part.EndedRevoked => Both(wanted, mark).Select(rows => rows.Where(certificate => certificate.NotAfter <= now)),
            Part.Held => [held],
            Part.LiveHeld => [held.Where(certificate => certificate.NotAfter > now)],
            Part.EndedHeld => [held.Where(certificate => certificate.NotAfter <= now)],
        };

    private static IQueryable<IssuedCertificate> Since(IQueryable<IssuedCertificate> wanted, DateTimeOffset? from) =>
        from is null ? wanted : wanted.Where(certificate => certificate.CreatedAt >= from);

    private static IQueryable<IssuedCertificate> EndedSince(IQueryable<IssuedCertificate> wanted, DateTimeOffset? from) =>
        from is null ? wanted : wanted.Where(certificate => certificate.NotAfter >= from);

    private static IQueryable<IssuedCertificate> RevokedSince(IQueryable<IssuedCertificate> wanted, DateTimeOffset? from) =>
        from is null ? wanted.RevokedForGood() : wanted.RevokedForGood().Where(certificate => certificate.RevokedAt >= from);

    // Revoked since then, or revoked before and ended since then.
    private static IEnumerable<IQueryable<IssuedCertificate>> Both(IQueryable<IssuedCertificate> wanted, DateTimeOffset? from) =>
        from is null
            ? [wanted.RevokedForGood()]
            : [RevokedSince(wanted, from), EndedSince(wanted, from).RevokedForGood().Where(certificate => certificate.RevokedAt < from)];

    private static IQueryable<Row> Tallies(IEnumerable<(Part Part, IQueryable<IssuedCertificate> Rows)> parts) => parts
        .Select(part =>
        {
            var number = (int)part.Part;
            return part.Rows.GroupBy(_ => 1).Select(group => new Row
            {
                Part = number,
                Count = group.LongCount(),
                Oldest = group.Min(certificate => certificate.CreatedAt),
                Newest = group.Max(certificate => certificate.CreatedAt),
            });
        })
        .Aggregate(Queryable.Concat);

    private sealed class Row
    {
        public int Part { get; init; }

        public long Count { get; init; }

        public DateTimeOffset Oldest { get; init; }

        public DateTimeOffset Newest { get; init; }

        public CountSnapshot Of => new(Count, Oldest, Newest);
    }
}
