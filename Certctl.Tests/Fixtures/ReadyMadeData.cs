using System.Collections.Concurrent;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Schema;
using Certctl.Infrastructure.Provisioning;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// Keys, certificates and tables as quickstart makes them, made once for the whole run and copied for each server: they are more than half
/// of the CPU of a first start. Challenge and API key are not among them, so no two servers share a secret.
/// </summary>
internal static class ReadyMadeData
{
    private static readonly DirectoryInfo Folder = Directory.CreateTempSubdirectory("certctl-ready-");
    private static readonly ConcurrentDictionary<string, Lazy<string>> Material = new(StringComparer.Ordinal);
    private static readonly Lazy<Task<string>> Database = new(MakeDatabaseAsync);

    static ReadyMadeData() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Folder.Delete(recursive: true);

    /// <param name="data">The folder of a server that has not started yet.</param>
    /// <param name="caKey">As quickstart's <c>--ca-key</c>.</param>
    public static void CopyKeys(string data, string caKey)
    {
        var made = Material.GetOrAdd(caKey, kind => new(() => Make(kind))).Value;
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in Directory.EnumerateFiles(made))
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
    }

    /// <summary>Tables of this build without a row of their own.</summary>
    public static async Task CopyDatabaseAsync(string file) => File.Copy(await Database.Value, file);

    private static string Make(string caKey)
    {
        var folder = Path.Combine(Folder.FullName, caKey);
        QuickstartMaterial.Ensure(folder, caKey, passphrase: null, TimeProvider.System);
        File.Delete(Path.Combine(folder, "challenge"));
        File.Delete(Path.Combine(folder, "api-key"));
        return folder;
    }

    private static async Task<string> MakeDatabaseAsync()
    {
        var file = Path.Combine(Folder.FullName, "certctl.db");
        await using (var provider = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System)
            .AddCertctlPersistence(DatabaseKind.Sqlite, $"Data Source={file};Pooling=False", 4).BuildServiceProvider())
        {
            await provider.GetRequiredService<IDatabaseMigrator>().MigrateAsync(CancellationToken.None);
        }

        // The last connection has written the log into the file.
        SqliteConnection.ClearAllPools();
        return file;
    }
}
