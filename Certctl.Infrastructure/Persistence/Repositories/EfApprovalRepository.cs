using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IApprovalRepository"/>
internal sealed class EfApprovalRepository(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock) : IApprovalRepository
{
    public async Task<DecisionVerdict> DecideAsync(EnrolmentDecision decision, AuditEvent audit, CancellationToken cancellationToken)
    {
        // The database's time, here and below: a process whose clock is behind must not bring a request back that has lapsed, one whose
        // clock is ahead must not end it. It is asked for before this holds a connection, and carried on.
        await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // A write that changes nothing locks the row in either database: a concurrent decision waits here.
        await db.Enrolments.Where(e => e.Id == decision.EnrolmentId)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.State, e => e.State), cancellationToken);

        // Only now: the wait for the lock may have been longer than the request's time.
        var now = await clock.NowAsync(cancellationToken);
        if (await db.Enrolments.SingleOrDefaultAsync(e => e.Id == decision.EnrolmentId, cancellationToken) is not { } enrolment)
            return new DecisionVerdict.Unknown();
        if (enrolment.StateAt(now) is var state and not EnrolmentState.Pending)
            return new DecisionVerdict.NotWaiting(state);

        var earlier = await db.EnrolmentDecisions.Where(d => d.EnrolmentId == decision.EnrolmentId).ToListAsync(cancellationToken);
        if (earlier.Find(d => SamePerson(d, decision)) is { } before)
            return new DecisionVerdict.DecidedBefore(before.Actor);

        var required = await db.CertificateProfiles.Where(p => p.Id == enrolment.ProfileId)
            .Select(p => (int?)p.ApprovalsRequired).SingleOrDefaultAsync(cancellationToken) ?? 1;
        var approvals = earlier.Count(d => d.Approved) + (decision.Approved ? 1 : 0);
        if (!decision.Approved || approvals >= required)
            db.Entry(enrolment).CurrentValues.SetValues(enrolment.Decided(decision.Approved, decision.Actor, decision.DecidedAt));

        // Operators must not be asked again because the device repeats its request a moment later.
        if (decision.Approved && approvals >= required)
        {
            var held = now + (enrolment.HeldUntil - enrolment.CreatedAt);
            await db.EnrolmentAnswers.Where(a => a.EnrolmentId == enrolment.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.HeldUntil, held), cancellationToken);
        }

        db.EnrolmentDecisions.Add(decision);
        db.AuditEvents.Add(audit with
        {
            PathId = enrolment.PathId,
            ProfileId = enrolment.ProfileId,
            TransactionId = enrolment.TransactionId.ToString(),
            Subject = enrolment.Subject,
            SubjectAltNames = enrolment.SubjectAltNames,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new DecisionVerdict.Counted(approvals, required);
    }

    public async Task<IReadOnlyList<ApprovalView>> ListAsync(bool all, int limit, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // What has an issuer and no decision never waited for people.
        var wanted = all
            ? db.Enrolments.Where(e => e.IssuerId == null || e.DecidedAt != null)
            : db.Enrolments.Where(e => e.State == EnrolmentState.Pending && e.HeldUntil > now);
        var enrolments = await wanted.AsNoTracking().OrderBy(e => e.CreatedAt).ThenBy(e => e.Id).Take(limit).ToListAsync(cancellationToken);
        var ids = enrolments.ConvertAll(e => e.Id);
        var decisions = await db.EnrolmentDecisions.AsNoTracking().Where(d => ids.Contains(d.EnrolmentId)).ToListAsync(cancellationToken);
        var required = await db.CertificateProfiles.AsNoTracking()
            .ToDictionaryAsync(p => p.Id, p => p.ApprovalsRequired, cancellationToken);
        return enrolments.ConvertAll(
            e => View(e, now, required.GetValueOrDefault(e.ProfileId, 1), decisions.Where(d => d.EnrolmentId == e.Id)));
    }

    public async Task<int> CountWaitingAsync(CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Enrolments.CountAsync(e => e.State == EnrolmentState.Pending && e.HeldUntil > now, cancellationToken);
    }

    // Crosswise, too: a name may have been a principal before.
    private static bool SamePerson(EnrolmentDecision one, EnrolmentDecision other) =>
        SamePerson(one.Actor, other.Actor) || SamePerson(one.Principal, other.Principal)
        || SamePerson(one.Actor, other.Principal) || SamePerson(one.Principal, other.Actor);

    // One operator must not count as two by the case of a name.
    private static bool SamePerson(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static ApprovalView View(
        Enrolment enrolment, DateTimeOffset now, int required, IEnumerable<EnrolmentDecision> decisions) => new(
        enrolment.Id,
        enrolment.StateAt(now),
        enrolment.CreatedAt,
        enrolment.HeldUntil,
        enrolment.Protocol,
        enrolment.PathId,
        enrolment.ProfileId,
        enrolment.Kind,
        enrolment.Subject,
        enrolment.SubjectAltNames,
        enrolment.KeyAlgorithm,
        Convert.ToHexStringLower(enrolment.PublicKeySha256),
        enrolment.TransactionId.ToString(),
        enrolment.SourceAddress,
        $"{enrolment.ChallengeKind} {enrolment.VouchedBy}",
        required,
        [.. decisions.OrderBy(d => d.DecidedAt).Select(d => new DecisionView(d.Actor, d.Approved, d.Note, d.DecidedAt))]);
}
