using Certctl.Application.Publication;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class PostgresCrlLeaseTests(PostgresDatabases databases) : CrlLeaseTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteCrlLeaseTests(SqliteDatabases databases) : CrlLeaseTests(databases), IClassFixture<SqliteDatabases>;

public abstract class CrlLeaseTests(IDatabases databases) : PersistenceTests(databases)
{
    [Fact]
    public async Task Of_many_that_come_first_one_gets_the_lease_and_none_fails()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        for (var round = 0; round < 8; round++)
        {
            var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? first : second).Get<ICrlStore>()
                .TakeLeaseAsync("iss-local", $"{round}", $"{i}", TimeSpan.FromSeconds(6), default))));
            Assert.Single(leases.OfType<CrlLease>());
        }
    }
}
