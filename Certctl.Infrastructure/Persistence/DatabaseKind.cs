namespace Certctl.Infrastructure.Persistence;

/// <summary>The two databases: PostgreSQL for production, SQLite embedded.</summary>
public enum DatabaseKind
{
    PostgreSql,
    Sqlite,
}
