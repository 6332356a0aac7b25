using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Probes;
using Certctl.Application.Enrolment;
using Certctl.Infrastructure.Persistence.Schema;
using Certctl.Infrastructure.ScepClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Certctl.Infrastructure.Persistence;

/// <summary>Puts the database behind the application's seams.</summary>
public static class PersistenceRegistration
{
    // The migration's lock and the journal each keep a connection; a third serves the rest. Two exports may run, and a list beside them.
    private const int LeastConnections = 3;
    private const int LeastForLists = 3;
    private const int ShareOfLists = 4;

    /// <summary>
    /// Registers <see cref="IEnrolmentJournal"/>, <see cref="IEnrolmentRepository"/>, <see cref="IApprovalRepository"/>, <see cref="IApiKeyRepository"/>, <see cref="ICertificateInventory"/>, <see cref="ICertificateProfileRepository"/>,
    /// <see cref="IAuditRepository"/>, <see cref="IClaimSweep"/> and <see cref="IDatabaseMigrator"/>, all singletons. The host registers <see cref="TimeProvider"/> and
    /// logging, and disposes its provider asynchronously: the journal and the audit write out what they hold.
    /// </summary>
    /// <param name="connectionString">For Npgsql or Microsoft.Data.Sqlite.</param>
    /// <param name="maxConnections">On PostgreSQL: a quarter of them, at least 3, for lists, and the others, at least 3, for the rest. SQLite takes no notice.</param>
    public static IServiceCollection AddCertctlPersistence(
        this IServiceCollection services, DatabaseKind kind, string connectionString, int maxConnections)
    {
        services.TryAddSingleton(NoticePace.Default);
        if (kind == DatabaseKind.PostgreSql)
            AddPostgres(services, connectionString, maxConnections);
        else
            AddSqlite(services, connectionString);
        services.AddSingleton<JournalConflicts>();
        services.AddSingleton<IEnrolmentJournal, EnrolmentJournal>();
        services.AddSingleton<IEnrolmentRepository, EfEnrolmentRepository>();
        services.AddSingleton<IApprovalRepository, EfApprovalRepository>();
        services.AddSingleton<IApiKeyRepository, EfApiKeyRepository>();
        services.AddSingleton<ICertificateInventory, EfCertificateInventory>();
        services.AddSingleton<ICertificateProfileRepository, EfCertificateProfileRepository>();
        services.AddSingleton<IAuditRepository, EfAuditRepository>();
        services.AddSingleton<IClaimSweep, ClaimSweep>();
        return services;
    }

    /// <summary>Registers <see cref="IScepProbes"/>, after <see cref="AddCertctlPersistence"/>.</summary>
    /// <param name="allowed">Networks that may be asked although they are reserved; null: nobody is asked.</param>
    public static IServiceCollection AddScepProbes(this IServiceCollection services, IReadOnlyList<System.Net.IPNetwork>? allowed) => services.AddSingleton<IScepProbes>(provider =>
        new ScepProbes(allowed, provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>(), provider.GetRequiredService<TimeProvider>()));

    private static void AddPostgres(IServiceCollection services, string connectionString, int maxConnections)
    {
        var forLists = Math.Max(maxConnections / ShareOfLists, LeastForLists);
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxPoolSize = Math.Max(maxConnections - forLists, LeastConnections),
            ApplicationName = "certctl",

            // Statements of EF are prepared by themselves once they repeat.
            MaxAutoPrepare = 32,

            // Errors never carry the values of rows.
            IncludeErrorDetail = false,
        };
        var login = new DatabaseLogin(connectionString);
        services.AddSingleton(login);
        services.AddSingleton(_ => login.Build(settings.ConnectionString));
        services.AddSingleton<IDbContextFactory<CertctlDbContext>>(provider => new CertctlContexts<PostgresCertctlDbContext>(
            DatabaseOptionsBuilder.Postgres<PostgresCertctlDbContext>(provider.GetRequiredService<NpgsqlDataSource>()).Options));
        var lists = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MaxPoolSize = forLists, ApplicationName = "certctl lists" };
        services.AddKeyedSingleton(nameof(ListContexts), (_, _) => login.Build(lists.ConnectionString));
        services.AddSingleton(provider => new ListContexts(new CertctlContexts<PostgresCertctlDbContext>(
            DatabaseOptionsBuilder.Postgres<PostgresCertctlDbContext>(provider.GetRequiredKeyedService<NpgsqlDataSource>(nameof(ListContexts))).Options)));
        services.AddSingleton<IJournalWriter, PostgresJournalWriter>();
        services.AddSingleton<IDatabaseMigrator, PostgresMigrator>();
    }

    private static void AddSqlite(IServiceCollection services, string connectionString)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString).ConnectionString;
        services.AddSingleton<IDbContextFactory<CertctlDbContext>>(_ => new CertctlContexts<SqliteCertctlDbContext>(
            DatabaseOptionsBuilder.Sqlite<SqliteCertctlDbContext>(settings).Options));
        services.AddSingleton(provider => new ListContexts(provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>()));
        services.AddSingleton<IJournalWriter>(_ => new SqliteJournalWriter(settings));
        services.AddSingleton<IDatabaseMigrator>(provider => new SqliteMigrator(
            settings,
            provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<NoticePace>()));
    }

    /// <summary>Hands out pooled contexts of either provider under the name that the repositories know.</summary>
    private sealed class CertctlContexts<TContext>(DbContextOptions<TContext> options) : IDbContextFactory<CertctlDbContext>
        where TContext : CertctlDbContext
    {
        private readonly PooledDbContextFactory<TContext> _pool = new(options);

        public CertctlDbContext CreateDbContext() => _pool.CreateDbContext();
    }
}
