using Certctl.Application.Enrolments.Journal;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>Writes a batch in one transaction. Used by one task at a time.</summary>
internal interface IJournalWriter : IAsyncDisposable
{
    /// <summary>
    /// Claims the retry key of each entry and writes everything about those that got it. Either all of that is durable on return, or the
    /// call throws and nothing was written (or, when the connection broke, it is unknown whether it was).
    /// </summary>
    /// <param name="batch">In the order of their request keys, none twice; a solitary entry comes alone.</param>
    /// <param name="claimed">Receives the ids of the enrolments that were written.</param>
    Task WriteAsync(IReadOnlyList<JournalEntry> batch, ISet<Guid> claimed, CancellationToken cancellationToken);

    /// <summary>
    /// True for a failure that a second try may not meet: a broken connection, a deadlock, a lock held by another process.
    /// </summary>
    bool IsTransient(Exception fault);
}
