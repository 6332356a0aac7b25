using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Import;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Admin.Probes;
using Certctl.Application.Admin.Sessions;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Availability.Bounded;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Infrastructure.Persistence.Lists;
using Certctl.Infrastructure.Persistence.Migrations.Postgres;
using Certctl.Infrastructure.Persistence.Migrations.Sqlite;
using Certctl.Infrastructure.Persistence.Repositories;
using Certctl.Infrastructure.Persistence.Schema;
using Certctl.Infrastructure.ScepClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Certctl.Infrastructure.Persistence;

/// <summary>Registers the database implementations of the application's interfaces.</summary>
public static class PersistenceRegistration
{
    // The migration's lock and the journal each keep a connection; a third serves the rest. Two exports may run, and a list beside them.
    private const int LeastConnections = 3;
    private const int LeastForLists = 3;
    private const int ShareOfLists = 4;

    // A quarter of the deadline makes the database suspect, another one decides.
    private const int PatienceParts = 4;
    private static readonly TimeSpan MinPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(2.5);

    /// <summary>How long one request may wait for the database where nothing else is set.</summary>
    public static TimeSpan DefaultDeadline { get; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Registers <see cref="IEnrolmentJournal"/>, <see cref="IEnrolmentRepository"/>, <see cref="IReservations"/>,
    /// <see cref="IApprovalRepository"/>, <see cref="IApiKeyRepository"/>, <see cref="ISessionKeys"/>,
    /// <see cref="ICertificateInventory"/>, <see cref="ICertificateProfileRepository"/>,
    /// <see cref="IRevocationStore"/>, <see cref="ICrlStore"/>, <see cref="IJobStore"/>,
    /// <see cref="IAuditRepository"/>, <see cref="DatabaseClock"/>, <see cref="IClaimSweep"/> and <see cref="IDatabaseMigrator"/>, all
    /// singletons. The host registers <see cref="TimeProvider"/> and logging, and disposes its provider asynchronously:
    /// the journal and the audit write out what they hold.
    /// </summary>
    /// <param name="connectionString">For Npgsql or Microsoft.Data.Sqlite.</param>
    /// <param name="maxConnections">On PostgreSQL: a quarter of them, at least 3, for lists, and the others, at least 3,
    /// for the rest. SQLite takes no notice.</param>
    /// <param name="deadline">How long one request may wait for the database; null: <see cref="DefaultDeadline"/>.</param>
    public static IServiceCollection AddCertctlPersistence(
        this IServiceCollection services, DatabaseKind kind, string connectionString, int maxConnections, TimeSpan? deadline = null)
    {
        services.TryAddSingleton(NoticePace.Default);
        var bound = deadline ?? DefaultDeadline;
        if (kind == DatabaseKind.PostgreSql)
            AddPostgres(services, connectionString, maxConnections, bound);
        else
            AddSqlite(services, connectionString, bound);
        services.AddSingleton(provider => new DatabaseAccess(provider.GetRequiredService<DatabaseCircuit>(), bound));
        services.AddSingleton<JournalConflicts>();

        // For the verb alone, whose statements take as long as they take.
        services.AddSingleton<ICertificateImport, EfCertificateImport>();
        services.AddSingleton<IEnrolmentJournal, EnrolmentJournal>();
        AddBounded<IEnrolmentRepository, EfEnrolmentRepository>(services, (inner, access) => new BoundedEnrolmentRepository(inner, access));
        AddBounded<IReservations, EfReservations>(services, (inner, access) => new BoundedReservations(inner, access));
        AddBounded<IApprovalRepository, EfApprovalRepository>(services, (inner, access) => new BoundedApprovalRepository(inner, access));
        AddBounded<IApiKeyRepository, EfApiKeyRepository>(services, (inner, access) => new BoundedApiKeyRepository(inner, access));
        AddBounded<ISessionKeys, EfSessionKeys>(services, (inner, access) => new BoundedSessionKeys(inner, access));
        AddBounded<ICertificateInventory, EfCertificateInventory>(
            services, (inner, access) => new BoundedCertificateInventory(inner, access));
        AddBounded<ICertificateProfileRepository, EfCertificateProfileRepository>(
            services, (inner, access) => new BoundedCertificateProfileRepository(inner, access));
        AddBounded<IRevocationStore, EfRevocationStore>(services, (inner, access) => new BoundedRevocationStore(inner, access));
        AddBounded<ICrlStore, EfCrlStore>(services, (inner, access) => new BoundedCrlStore(inner, access));
        AddBounded<IJobStore, EfJobStore>(services, (inner, access) => new BoundedJobStore(inner, access));
        AddBounded<IAuditRepository, EfAuditRepository>(services, (inner, access) => new BoundedAuditRepository(inner, access));
        AddBounded<IClaimSweep, ClaimSweep>(services, (inner, access) => new BoundedClaimSweep(inner, access));
        return services;
    }

    /// <summary>Registers <see cref="IScepProbes"/>, after <see cref="AddCertctlPersistence"/>.</summary>
    /// <param name="allowed">Networks that may be asked although they are reserved; null: probes are refused.</param>
    public static IServiceCollection AddScepProbes(this IServiceCollection services, IReadOnlyList<System.Net.IPNetwork>? allowed) =>
        services
            .AddSingleton(provider => new ScepProbes(
                allowed, provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<IScepProbes>(
                provider => new BoundedScepProbes(
                    provider.GetRequiredService<ScepProbes>(), provider.GetRequiredService<DatabaseAccess>()));

    private static void AddBounded<TRole, TInner>(IServiceCollection services, Func<TInner, DatabaseAccess, TRole> bounded)
        where TRole : class
        where TInner : class, TRole
    {
        services.AddSingleton<TInner>();
        services.AddSingleton(provider => bounded(provider.GetRequiredService<TInner>(), provider.GetRequiredService<DatabaseAccess>()));
    }

    private static TimeSpan Patience(TimeSpan deadline) =>
        TimeSpan.FromTicks(Math.Clamp(deadline.Ticks / PatienceParts, MinPatience.Ticks, MaxPatience.Ticks));

    private static void AddPostgres(IServiceCollection services, string connectionString, int maxConnections, TimeSpan deadline)
    {
        var forLists = Math.Max(maxConnections / ShareOfLists, LeastForLists);
        var settings = PostgresSource.Settings(connectionString, deadline);
        settings.MaxPoolSize = Math.Max(maxConnections - forLists, LeastConnections);
        var lists = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            MaxPoolSize = forLists,
            ApplicationName = settings.ApplicationName + " lists",
        };
        if (settings.CommandTimeout > 0)
            lists.CommandTimeout = Math.Max(settings.CommandTimeout, (int)DatabaseAccess.MaxList.TotalSeconds);
        var patience = Patience(deadline);
        var seconds = (int)Math.Ceiling(patience.TotalSeconds);
        var probe = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            Pooling = false,
            Timeout = seconds,
            CommandTimeout = seconds,
            ApplicationName = settings.ApplicationName + " probe",
        };
        var login = new DatabaseLogin(connectionString);
        services.AddSingleton(login);
        services.AddSingleton(_ => PostgresSource.Build(settings, login));
        services.AddKeyedSingleton(nameof(ListContexts), (_, _) => PostgresSource.Build(lists, login));
        services.AddKeyedSingleton(nameof(DatabaseCircuit), (_, _) => PostgresSource.Build(probe, login));
        services.AddSingleton(provider => new PostgresPools(
            [provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredKeyedService<NpgsqlDataSource>(nameof(ListContexts))]));
        services.AddSingleton<SessionInterceptor>();
        services.AddSingleton<IDbContextFactory<CertctlDbContext>>(
            provider => PostgresContexts(provider, provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton(provider => new ListContexts(
            PostgresContexts(provider, provider.GetRequiredKeyedService<NpgsqlDataSource>(nameof(ListContexts)))));
        services.AddSingleton(provider =>
        {
            var unpooled = provider.GetRequiredKeyedService<NpgsqlDataSource>(nameof(DatabaseCircuit));
            return new DatabaseCircuit(
                token => PostgresSource.ProbeAsync(unpooled, token), patience, provider.GetRequiredService<ILogger<DatabaseCircuit>>());
        });
        services.AddSingleton<IDatabaseReadiness>(provider =>
        {
            var (source, pools) = (provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<PostgresPools>());
            return new DatabaseReadiness(() => WriteProbe.PostgresAsync(source, pools), provider.GetRequiredService<DatabaseCircuit>());
        });
        services.AddSingleton(provider =>
        {
            var (source, access) = (provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<DatabaseAccess>());
            return new DatabaseClock(
                cancellationToken => access.RunAsync(() => AskTimeAsync(source, cancellationToken)),
                provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<IJournalWriter, PostgresJournalWriter>();
        services.AddSingleton<IDatabaseMigrator>(provider => new PostgresMigrator(
            MigrationScript.Known<PostgresCertctlDbContextModelSnapshot>(),
            provider.GetRequiredService<NpgsqlDataSource>(),
            provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<NoticePace>()));
    }

    private static CertctlContexts<PostgresCertctlDbContext> PostgresContexts(IServiceProvider provider, NpgsqlDataSource source) => new(
        DatabaseOptionsBuilder.Postgres<PostgresCertctlDbContext>(source)
            .AddInterceptors(OpeningInterceptor.Instance, provider.GetRequiredService<SessionInterceptor>()).Options);

    private static void AddSqlite(IServiceCollection services, string connectionString, TimeSpan deadline)
    {
        var given = new SqliteConnectionStringBuilder(connectionString);
        if (!given.ShouldSerialize("Default Timeout"))
            given.DefaultTimeout = (int)Math.Ceiling(deadline.TotalSeconds);
        var settings = given.ConnectionString;

        // A file does not hang: what it waits for is another process's lock, which the driver bounds.
        services.AddSingleton(provider => new DatabaseCircuit(
            _ => Task.CompletedTask, Patience(deadline), provider.GetRequiredService<ILogger<DatabaseCircuit>>()));
        services.AddSingleton<IDatabaseReadiness>(provider => new DatabaseReadiness(
            () => WriteProbe.SqliteAsync(settings), provider.GetRequiredService<DatabaseCircuit>()));
        services.AddSingleton<IDbContextFactory<CertctlDbContext>>(_ => new CertctlContexts<SqliteCertctlDbContext>(
            DatabaseOptionsBuilder.Sqlite<SqliteCertctlDbContext>(settings).Options));
        services.AddSingleton(provider => new ListContexts(provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>()));
        services.AddSingleton(provider => new DatabaseClock(ask: null, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IJournalWriter>(provider => new SqliteJournalWriter(settings, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IDatabaseMigrator>(provider => new SqliteMigrator(
            MigrationScript.Known<SqliteCertctlDbContextModelSnapshot>(),
            settings,
            provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<NoticePace>()));
    }

    private static async Task<DateTimeOffset> AskTimeAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenSessionAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"SELECT {PostgresJournalSql.Now}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetFieldValue<DateTimeOffset>(0);
    }

    /// <summary>Hands out pooled contexts of either provider under the name that the repositories know.</summary>
    private sealed class CertctlContexts<TContext>(DbContextOptions<TContext> options) : IDbContextFactory<CertctlDbContext>
        where TContext : CertctlDbContext
    {
        private readonly PooledDbContextFactory<TContext> _pool = new(options);

        public CertctlDbContext CreateDbContext() => _pool.CreateDbContext();
    }
}
