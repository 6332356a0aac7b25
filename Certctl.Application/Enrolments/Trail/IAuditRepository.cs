using Certctl.Domain.Audit;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>The trail for what the journal does not carry: refusals and administrative acts.</summary>
public interface IAuditRepository
{
    /// <summary>
    /// Appends a refusal. In bounded volume: a flood of like refusals (same action, path, reason, source) is counted in memory and written
    /// as one row with its count, so an attacker cannot fill the table. Throws when the database cannot be written.
    /// </summary>
    Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken);

    /// <summary>Appends an administrative act. Throws when the database cannot be written.</summary>
    Task AppendAsync(AuditEvent act, CancellationToken cancellationToken);

    /// <summary>
    /// A page of events, newest first: those older than <paramref name="before"/>, or after skipping <paramref name="skip"/>.
    /// </summary>
    /// <param name="before">The id of the last event of the page before; null: from the newest on.</param>
    /// <param name="limit">Events at most; 0: only the total is wanted.</param>
    Task<AuditPage> ListAsync(AuditFilter filter, Guid? before, int skip, int limit, CancellationToken cancellationToken);

    /// <summary>All events of the filter, newest first, one at a time: there may be very many.</summary>
    IAsyncEnumerable<AuditEvent> StreamAsync(AuditFilter filter, CancellationToken cancellationToken);

    /// <summary>The event of this id, or null.</summary>
    Task<AuditEvent?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// How often each action of <paramref name="actions"/> ended how, on which path, since <paramref name="since"/>:
    /// over all processes that write this trail.
    /// </summary>
    /// <param name="until">Before this moment; null: up to now.</param>
    Task<IReadOnlyList<AuditCount>> CountAsync(
        IReadOnlyList<string> actions, DateTimeOffset since, DateTimeOffset? until, CancellationToken cancellationToken);
}

/// <summary>So many events of one path, outcome and reason.</summary>
/// <param name="PathId">Null where a flood was counted without it.</param>
public sealed record AuditCount(string? PathId, AuditOutcome Outcome, string? Reason, long Count);
