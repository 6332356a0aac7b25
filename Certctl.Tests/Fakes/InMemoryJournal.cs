using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Tests.Fakes;

/// <summary>
/// Journal, enrolments and audit in memory, with the conflicts of the real ones; nothing is superseded and no profile version compared.
/// </summary>
/// <param name="clock">The database's.</param>
internal sealed class InMemoryJournal(TimeProvider clock)
    : IEnrolmentJournal, IEnrolmentRepository, IReservations, IAuditRepository
{
    private readonly Dictionary<string, (Guid Id, DateTimeOffset HeldUntil)> _answers = [];
    private readonly Dictionary<string, (SpentChallenge Spent, DateTimeOffset KeptUntil)> _uses = [];
    private readonly List<(string Device, DateTimeOffset At, Guid Id)> _slots = [];

    public List<JournalEntry> Committed { get; } = [];

    public List<AuditEvent> Refusals { get; } = [];

    public Dictionary<Guid, StoredEnrolment> Enrolments { get; } = [];

    public Queue<JournalVerdict> Scripted { get; } = [];

    public Task<JournalVerdict> CommitAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        if (Scripted.TryDequeue(out var scripted))
            return Task.FromResult(scripted);
        var now = clock.GetUtcNow();
        if (FindConflict(entry, now) is { } conflict)
            return Task.FromResult(conflict);
        var heldUntil = now + entry.HeldFor;
        _answers[Convert.ToHexString(entry.RequestKey)] = (entry.Enrolment.Id, heldUntil);
        if (entry.Use is not null)
            _uses[Convert.ToHexString(entry.Use.Key)] =
                (new SpentChallenge(entry.Enrolment.Id, entry.Enrolment.PathId, entry.Enrolment.CsrSha256), entry.Use.KeptUntil);
        if (entry.Budget is not null)
            _slots.Add((Convert.ToHexString(entry.Budget.Key), now, entry.Enrolment.Id));
        Enrolments[entry.Enrolment.Id] = new StoredEnrolment(entry.Enrolment.Waiting(heldUntil), entry.Certificate);
        Committed.Add(entry);
        return Task.FromResult<JournalVerdict>(new JournalVerdict.Committed());
    }

    /// <summary>How many leases were given.</summary>
    public int Leases { get; private set; }

    public Task<HeldReservation?> TakeAsync(Guid enrolmentId, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var reserved = Enrolments[enrolmentId].Enrolment;
        if (!reserved.IsReserved || reserved.HeldUntil <= now || reserved.LeasedUntil > now)
            return Task.FromResult<HeldReservation?>(null);
        Leases++;
        var held = reserved.Leased(now + lease, reserved.IssuerReference);
        Decide(held);
        return Task.FromResult<HeldReservation?>(new(held, reserved.LeasedUntil is not null));
    }

    public Task KeepAsync(HeldReservation held, string reference, CancellationToken cancellationToken)
    {
        if (Enrolments[held.Enrolment.Id].Enrolment.LeasedUntil == held.Enrolment.LeasedUntil)
            Decide(held.Enrolment.Leased(clock.GetUtcNow(), reference));
        return Task.CompletedTask;
    }

    public Task RefuseAsync(HeldReservation held, CancellationToken cancellationToken)
    {
        Decide(held.Enrolment.RefusedByIssuer());
        _slots.RemoveAll(slot => slot.Id == held.Enrolment.Id);
        return Task.CompletedTask;
    }

    // In the order of JournalConflicts.
    private JournalVerdict? FindConflict(JournalEntry entry, DateTimeOffset now)
    {
        if (Enrolments.TryGetValue(entry.Enrolment.Id, out var own) && !(entry.Completes && own.Enrolment.State == EnrolmentState.Approved))
        {
            return own.Enrolment.State == entry.Enrolment.State && own.Enrolment.SerialNumber == entry.Enrolment.SerialNumber
                ? new JournalVerdict.Committed()
                : new JournalVerdict.AlreadyAnswered(own);
        }

        if (entry.Completes && own is null)
            throw new InvalidOperationException($"Enrolment {entry.Enrolment.Id} is completed and not in the journal.");
        if (_answers.TryGetValue(Convert.ToHexString(entry.RequestKey), out var answer)
            && answer.HeldUntil > now && answer.Id != entry.Enrolment.Id)
            return new JournalVerdict.AlreadyAnswered(Enrolments[answer.Id].At(now));
        if (entry.Use is { } use && _uses.TryGetValue(Convert.ToHexString(use.Key), out var used))
        {
            return used.Spent.IsBy(entry.Enrolment.PathId, entry.Enrolment.CsrSha256)
                ? new JournalVerdict.AlreadyAnswered(Enrolments[used.Spent.EnrolmentId])
                : new JournalVerdict.Replayed(used.Spent.EnrolmentId);
        }

        return entry.Budget is { } budget && NextAllowed(budget, now) is { } from ? new JournalVerdict.BudgetSpent(from) : null;
    }

    public Task<StoredEnrolment?> FindByTransactionAsync(
        string pathId, TransactionId transactionId, ReadOnlyMemory<byte> signerKeySha256, CancellationToken cancellationToken) =>
        Task.FromResult(Enrolments.Values.LastOrDefault(e =>
            e.Enrolment.PathId == pathId && e.Enrolment.TransactionId == transactionId
            && signerKeySha256.Span.SequenceEqual(e.Enrolment.SignerKeySha256))?.At(clock.GetUtcNow()));

    public Task<IssuedCertificate?> FindCertificateAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        Task.FromResult(
            Enrolments.Values.Select(e => e.Certificate).FirstOrDefault(c => c?.IssuerId == issuerId && c.SerialNumber == serialNumber));

    public Task<StoredEnrolment?> FindAnswerAsync(byte[] requestKey, TimeSpan margin, CancellationToken cancellationToken) =>
        Task.FromResult(
            clock.GetUtcNow() + margin is var until
                && _answers.TryGetValue(Convert.ToHexString(requestKey), out var answer) && answer.HeldUntil > until
                ? Enrolments[answer.Id].At(until)
                : null);

    public Task<SpentChallenge?> FindUseAsync(ChallengeUse use, CancellationToken cancellationToken) =>
        Task.FromResult(_uses.TryGetValue(Convert.ToHexString(use.Key), out var used) ? used.Spent : null);

    public Task<IReadOnlyDictionary<string, int>> CountUsesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(
            _uses.Values.Where(use => use.KeptUntil > clock.GetUtcNow())
                .GroupBy(use => Enrolments[use.Spent.EnrolmentId].Enrolment.PathId).ToDictionary(path => path.Key, path => path.Count()));

    public Task<DateTimeOffset?> FindNextAllowedAsync(DeviceBudget budget, CancellationToken cancellationToken) =>
        Task.FromResult(NextAllowed(budget, clock.GetUtcNow()));

    public void Decide(Enrolment decided) => Enrolments[decided.Id] = new StoredEnrolment(decided, null);

    public Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken)
    {
        Refusals.Add(refusal);
        return Task.CompletedTask;
    }

    public List<AuditEvent> Acts { get; } = [];

    public Task AppendAsync(AuditEvent act, CancellationToken cancellationToken)
    {
        Acts.Add(act);
        return Task.CompletedTask;
    }

    public Task<AuditPage> ListAsync(AuditFilter filter, Guid? before, int skip, int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Pages of the trail are the database's.");

    public IAsyncEnumerable<AuditEvent> StreamAsync(AuditFilter filter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Exports of the trail are the database's.");

    public Task<AuditEvent?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(Refusals.Concat(Acts).FirstOrDefault(audit => audit.Id == id));

    public Task<IReadOnlyList<AuditCount>> CountAsync(
        IReadOnlyList<string> actions, DateTimeOffset since, DateTimeOffset? until, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AuditCount>>(
        [
            .. Refusals.Concat(Committed.Select(entry => entry.Audit))
                .Where(audit => actions.Contains(audit.Action) && audit.Timestamp >= since && (until is null || audit.Timestamp < until))
                .GroupBy(audit => (audit.PathId, audit.Outcome, audit.Reason))
                .Select(kind => new AuditCount(kind.Key.PathId, kind.Key.Outcome, kind.Key.Reason, kind.Sum(audit => (long)audit.Count))),
        ]);

    private DateTimeOffset? NextAllowed(DeviceBudget budget, DateTimeOffset now)
    {
        var taken = _slots.Where(slot => slot.Device == Convert.ToHexString(budget.Key) && slot.At > now - DeviceBudget.Window)
            .Select(slot => slot.At).Order().ToList();
        return taken.Count < budget.Limit ? null : taken[^budget.Limit] + DeviceBudget.Window;
    }
}
