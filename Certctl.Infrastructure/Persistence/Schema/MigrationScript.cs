using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// One migration of EF as statements that can be run and counted one by one. EF's own run of all of them takes an exclusive lock on the
/// history table for as long as it lasts, which every other process that only reads it would wait for, and says nothing on its way.
/// </summary>
internal static partial class MigrationScript
{
    public const string History = HistoryRepository.DefaultTableName;

    /// <summary>
    /// The ids of all migrations of this build for one database, in their order. EF says the same, and takes a tenth of a start for it.
    /// </summary>
    /// <typeparam name="TSnapshot">The snapshot of the model, which lies beside the migrations.</typeparam>
    public static IReadOnlyList<string> Known<TSnapshot>()
        where TSnapshot : ModelSnapshot =>
    [
        .. from type in typeof(TSnapshot).Assembly.GetTypes()
           where type.Namespace == typeof(TSnapshot).Namespace
           let id = type.GetCustomAttribute<MigrationAttribute>()?.Id
           where id is not null
           orderby id
           select id,
    ];

    /// <summary>The statement that makes the history table where it is absent.</summary>
    public static string CreateHistory(CertctlDbContext db) => db.GetService<IHistoryRepository>().GetCreateIfNotExistsScript();

    /// <summary>The statements of a migration; the last one writes it into the history.</summary>
    public static IReadOnlyList<MigrationStatement> Of(CertctlDbContext db, string id)
    {
        var assembly = db.GetService<IMigrationsAssembly>();
        var migration = assembly.CreateMigration(assembly.Migrations[id], db.Database.ProviderName!);
        var target = db.GetService<IModelRuntimeInitializer>().Initialize(migration.TargetModel);
        var commands = db.GetService<IMigrationsSqlGenerator>().Generate(migration.UpOperations, target);
        var entry = db.GetService<IHistoryRepository>().GetInsertScript(new HistoryRow(id, ProductInfo.GetVersion()));
        return [
            .. commands.Select(
                command => new MigrationStatement(command.CommandText, Name(command.CommandText), command.TransactionSuppressed)),
            new(entry, "the entry in the history", false),
        ];
    }

    // The statements are this build's own, so what it says of them holds nothing of a database's content.
    private static string Name(string sql) => Beginning().Match(sql) is { Success: true } match
        ? Blanks().Replace(match.Value.Replace("\"", "", StringComparison.Ordinal), " ").Trim()
        : "a statement";

    [GeneratedRegex(@"\A\s*[A-Za-z][^(;=\n]{0,120}")]
    private static partial Regex Beginning();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

/// <param name="Name">For display: its beginning, such as <c>CREATE INDEX audit_events_text_idx ON audit_events USING gin</c>.</param>
/// <param name="OutsideTransaction">It cannot run in the migration's transaction.</param>
internal sealed record MigrationStatement(string Sql, string Name, bool OutsideTransaction);
