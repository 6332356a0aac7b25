using System.Diagnostics;
using System.Text.Json;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Measure;

/// <summary>A fresh process of the published server under <c>quickstart</c>, on one core and on a PostgreSQL database of its own.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private readonly Process _process;

    private MeasuredServer(Process process, JsonElement announced)
    {
        _process = process;
        Url = new Uri(announced.GetProperty("url").GetString()!);
        CaFile = announced.GetProperty("ca_file").GetString()!;
        Challenge = announced.GetProperty("challenge").GetString()!;
    }

    public Uri Url { get; }

    public string CaFile { get; }

    /// <summary>Of SCEP, and the password of EST.</summary>
    public string Challenge { get; }

    public long MemoryInMegabytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576;
        }
    }

    /// <param name="data">Keeps the keys: servers with the same folder are sent the same messages.</param>
    /// <param name="database">For CERTCTL_DATABASE_URL.</param>
    /// <param name="adminKey">Opens the API and the pages; null: quickstart's own.</param>
    public static async Task<MeasuredServer> StartAsync(string data, string database, string? adminKey = null)
    {
        var start = new ProcessStartInfo(
            "taskset",
            [
                "-c", "0", "dotnet", PublishedExecutable.Dll, "quickstart", "--data", data, "--port", "0", "--ca-key", "rsa-2048", "--json",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CERTCTL_DATABASE_URL"] = database;
        if (adminKey is not null)
            start.Environment["CERTCTL_API_KEYS_NAMED"] = $"alice:{adminKey}:admin";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new MeasuredServer(process, JsonDocument.Parse((await process.StandardOutput.ReadLineAsync())!).RootElement);
    }

    /// <summary>CPU time of the server while the work is done.</summary>
    public async Task<TimeSpan> CpuOfAsync(Func<Task> work)
    {
        var before = PrivateOperations.ProcessCpu(_process.Id);
        await work();
        return PrivateOperations.ProcessCpu(_process.Id) - before;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
