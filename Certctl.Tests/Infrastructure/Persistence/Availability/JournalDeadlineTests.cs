using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Journal;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>A caller that no longer waits takes nothing back.</summary>
public sealed class JournalDeadlineTests(SqliteDatabases databases) : PersistenceTests(databases), IClassFixture<SqliteDatabases>
{
    [Fact]
    public async Task An_entry_whose_caller_was_refused_is_committed_and_the_repeated_request_finds_its_answer()
    {
        await using var database = await OpenAsync();
        var released = new TaskCompletionSource();
        await using var journal = ActivatorUtilities.CreateInstance<EnrolmentJournal>(
            new WithWriter(database, new HeldWriter(database.Get<IJournalWriter>(), released.Task)));
        var entry = TestEntries.Issued(TestDatabase.Start);

        RequestBudget.Begin(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => journal.CommitAsync(entry, default));
        released.SetResult();

        RequestBudget.Begin(TimeSpan.FromSeconds(60));
        var repeated = await journal.CommitAsync(TestEntries.Issued(TestDatabase.Start, entry.RequestKey), default);
        Assert.Equal(entry.Enrolment.Id, Assert.IsType<JournalVerdict.AlreadyAnswered>(repeated).Stored.Enrolment.Id);
        await using var db = database.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
    }

    private sealed class HeldWriter(IJournalWriter inner, Task released) : IJournalWriter
    {
        public async Task WriteAsync(IReadOnlyList<JournalEntry> batch, ISet<Guid> claimed, CancellationToken cancellationToken)
        {
            await released;
            await inner.WriteAsync(batch, claimed, cancellationToken);
        }

        public bool IsTransient(Exception fault) => inner.IsTransient(fault);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class WithWriter(TestDatabase database, IJournalWriter writer) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IJournalWriter) ? writer : database.Services.GetService(serviceType);
    }
}
