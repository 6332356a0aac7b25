using System.Data;
using System.Data.Common;
using System.Runtime.ExceptionServices;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Sessions;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// One model for both databases. It owns tables, migrations and every path that is not in a hurry; what the journal writes, it writes past
/// it (EnrolmentJournal).
/// </summary>
internal abstract class CertctlDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<CertificateProfile> CertificateProfiles => Set<CertificateProfile>();

    public DbSet<DeletedProfile> DeletedProfiles => Set<DeletedProfile>();

    public DbSet<IssuedCertificate> Certificates => Set<IssuedCertificate>();

    public DbSet<Enrolment> Enrolments => Set<Enrolment>();

    public DbSet<EnrolmentAnswer> EnrolmentAnswers => Set<EnrolmentAnswer>();

    public DbSet<EnrolmentDecision> EnrolmentDecisions => Set<EnrolmentDecision>();

    public DbSet<ChallengeUseRow> ChallengeUses => Set<ChallengeUseRow>();

    public DbSet<DeviceSlot> DeviceSlots => Set<DeviceSlot>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<SessionKey> SessionKeys => Set<SessionKey>();

    public DbSet<StoredProbe> ScepProbes => Set<StoredProbe>();

    public DbSet<StoredCrl> Crls => Set<StoredCrl>();

    public DbSet<StoredCrlLease> CrlLeases => Set<StoredCrlLease>();

    public DbSet<StoredCrlPartition> CrlPartitions => Set<StoredCrlPartition>();

    public DbSet<RevocationEpoch> RevocationEpochs => Set<RevocationEpoch>();

    public DbSet<StoredJob> Jobs => Set<StoredJob>();

    public DbSet<AuditEvent> AuditEvents => Set<AuditEvent>();

    /// <summary>As EF's, but rethrows the driver's exception: callers expect a <see cref="DbException"/> for a database failure.</summary>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        }
        catch (DbUpdateException failed) when (failed is not DbUpdateConcurrencyException && failed.InnerException is DbException driver)
        {
            ExceptionDispatchInfo.Throw(driver);
            throw;
        }
    }

    /// <summary>
    /// Until it is disposed of, the context reads lists: at one moment, where the database can, and planned for the values at hand.
    /// </summary>
    public virtual Task<IDbContextTransaction?> BeginListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IDbContextTransaction?>(null);

    /// <summary>A transaction that revokes or releases: all others of the issuer wait for its end.</summary>
    public virtual Task<IDbContextTransaction> BeginRevocationAsync(CancellationToken cancellationToken) =>
        Database.BeginTransactionAsync(cancellationToken);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<string>().HaveConversion<TextConverter>();
        configurationBuilder.Properties<IReadOnlyList<string>>().HaveConversion<TextListConverter, TextListComparer>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new CertificateProfileMapping());
        modelBuilder.ApplyConfiguration(new DeletedProfileMapping());
        modelBuilder.ApplyConfiguration(new IssuedCertificateMapping());
        modelBuilder.ApplyConfiguration(new EnrolmentMapping());
        modelBuilder.ApplyConfiguration(new EnrolmentAnswerMapping());
        modelBuilder.ApplyConfiguration(new EnrolmentDecisionMapping());
        modelBuilder.ApplyConfiguration(new ChallengeUseMapping());
        modelBuilder.ApplyConfiguration(new DeviceSlotMapping());
        modelBuilder.ApplyConfiguration(new ApiKeyMapping());
        modelBuilder.ApplyConfiguration(new SessionKeyMapping());
        modelBuilder.ApplyConfiguration(new StoredProbeMapping());
        modelBuilder.ApplyConfiguration(new StoredCrlMapping());
        modelBuilder.ApplyConfiguration(new StoredCrlLeaseMapping());
        modelBuilder.ApplyConfiguration(new StoredCrlPartitionMapping());
        modelBuilder.ApplyConfiguration(new RevocationEpochMapping());
        modelBuilder.ApplyConfiguration(new StoredJobMapping());
        modelBuilder.ApplyConfiguration(new AuditEventMapping());
    }
}

internal sealed class PostgresCertctlDbContext(DbContextOptions<PostgresCertctlDbContext> options) : CertctlDbContext(options)
{
    private const string Trigrams = "gin_trgm_ops";

    // A prepared statement's plan for any values takes a rare word for a common one, and scans the whole table to find it.
    private const string PlannedForItsValues = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off";

    public override async Task<IDbContextTransaction?> BeginListAsync(CancellationToken cancellationToken)
    {
        var transaction = await Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await Database.ExecuteSqlRawAsync(PlannedForItsValues, cancellationToken);
        return transaction;
    }

    public override async Task<IDbContextTransaction> BeginRevocationAsync(CancellationToken cancellationToken)
    {
        var transaction = await Database.BeginTransactionAsync(cancellationToken);
        await Database.ExecuteSqlRawAsync($"SELECT {PostgresJournalSql.EndWhenIdle}", cancellationToken);
        return transaction;
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcMicrosecondsConverter>();
        configurationBuilder.Properties<IReadOnlyList<string>>().HaveColumnType("jsonb");
        configurationBuilder.Properties<IReadOnlyList<KeyAlgorithmRule>>().HaveColumnType("jsonb");
        configurationBuilder.Properties<ContentRules>().HaveColumnType("jsonb");
    }

    // Trigrams find what stands in the middle of a text. The names of a certificate need an expression, which the model cannot say:
    // its migration does.
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.HasPostgresExtension("pg_trgm");
        modelBuilder.Entity<AuditEvent>()
            .HasIndex(audit => new { audit.Subject, audit.Detail, audit.DeviceName, audit.ClaimSubject }, "audit_events_text_idx")
            .HasMethod("gin").HasOperators(Trigrams, Trigrams, Trigrams, Trigrams);
        modelBuilder.Entity<IssuedCertificate>().HasIndex(certificate => certificate.Subject, "certificates_subject_idx")
            .HasMethod("gin").HasOperators(Trigrams);
    }
}

internal sealed class SqliteCertctlDbContext(DbContextOptions<SqliteCertctlDbContext> options) : CertctlDbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMicrosecondsConverter>();
    }
}
