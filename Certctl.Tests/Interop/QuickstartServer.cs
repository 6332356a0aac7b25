using System.Diagnostics;
using System.Text.Json;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Tests.Interop;

/// <summary>The real executable under <c>quickstart --json</c> in a folder of its own, on a free port, with the database that the test chooses.</summary>
internal sealed class QuickstartServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _log;
    private readonly DirectoryInfo _folder;

    private QuickstartServer(Process process, DirectoryInfo folder, JsonElement announced, DatabaseKind kind, string connectionString)
    {
        _process = process;
        _log = process.StandardError.ReadToEndAsync();
        _folder = folder;
        Url = new Uri(announced.GetProperty("url").GetString()!);
        CaFile = announced.GetProperty("ca_file").GetString()!;
        Challenge = announced.GetProperty("challenge").GetString()!;
        Database = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddCertctlPersistence(kind, connectionString, 4).BuildServiceProvider();
    }

    public Uri Url { get; }

    public string CaFile { get; }

    public string Challenge { get; }

    /// <summary>A folder for what the test writes.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The server's database, through connections of the test's own.</summary>
    public ServiceProvider Database { get; }

    /// <param name="postgres">Npgsql's connection string of a database; null: a SQLite file in the server's folder.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static async Task<QuickstartServer> StartAsync(string? postgres, params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("certctl-interop-");
        var data = Path.Combine(folder.FullName, "data");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "certctl.dll"), "quickstart", "--data", data, "--port", "0", "--ca-key", "rsa-2048", "--json"])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (postgres is not null)
            start.Environment["CERTCTL_DATABASE_URL"] = PostgresFixture.UrlOf(postgres);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;

        var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        if (await process.StandardOutput.ReadLineAsync(patience.Token) is not { } line)
            throw new InvalidOperationException($"The server did not start: {await process.StandardError.ReadToEndAsync(patience.Token)}");
        return postgres is null
            ? new(process, folder, JsonDocument.Parse(line).RootElement, DatabaseKind.Sqlite, $"Data Source={Path.Combine(data, "certctl.db")}")
            : new(process, folder, JsonDocument.Parse(line).RootElement, DatabaseKind.PostgreSql, postgres);
    }

    /// <summary>Stops the server and says what it logged.</summary>
    public async Task<string> StopAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        return await _log;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Database.DisposeAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
