using Microsoft.EntityFrameworkCore.Design;

namespace Certctl.Infrastructure.Persistence;

// For `dotnet ef migrations add NAME --context … --output-dir Persistence/Migrations/…` alone; no server is contacted.
internal sealed class PostgresCertctlDbContextDesign : IDesignTimeDbContextFactory<PostgresCertctlDbContext>
{
    public PostgresCertctlDbContext CreateDbContext(string[] args) =>
        new(DatabaseOptionsBuilder.Postgres<PostgresCertctlDbContext>("Host=127.0.0.1;Database=certctl").Options);
}

internal sealed class SqliteCertctlDbContextDesign : IDesignTimeDbContextFactory<SqliteCertctlDbContext>
{
    public SqliteCertctlDbContext CreateDbContext(string[] args) =>
        new(DatabaseOptionsBuilder.Sqlite<SqliteCertctlDbContext>("Data Source=certctl-design.db").Options);
}
