using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Certctl.Infrastructure.Persistence;

/// <summary>EF options of either database, the same at run time, in the tools and in tests.</summary>
internal static class DatabaseOptionsBuilder
{
    public static DbContextOptionsBuilder<TContext> Postgres<TContext>(string connectionString)
        where TContext : DbContext => new DbContextOptionsBuilder<TContext>().UseNpgsql(connectionString);

    public static DbContextOptionsBuilder<TContext> Postgres<TContext>(DbDataSource dataSource)
        where TContext : DbContext =>
        new DbContextOptionsBuilder<TContext>().UseNpgsql(dataSource, npgsql => npgsql.ExecutionStrategy(Plainly));

    public static DbContextOptionsBuilder<TContext> Sqlite<TContext>(string connectionString)
        where TContext : DbContext =>
        new DbContextOptionsBuilder<TContext>().UseSqlite(connectionString).AddInterceptors(SqlitePragmas.Instance);

    // The provider's own strategy wraps an outage in an InvalidOperationException that advises to retry;
    // here an outage stays a DbException.
    private static NonRetryingExecutionStrategy Plainly(ExecutionStrategyDependencies dependencies) => new(dependencies);
}
