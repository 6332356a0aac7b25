using System.Collections;
using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Certctl.Api.Commands;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// The real executable as an operator calls it, with the environment that the test writes and nothing of this process's own settings.
/// </summary>
internal static class CommandLine
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<ToolRun> RunAsync(IReadOnlyDictionary<string, string> settings, string[] arguments, string input = "")
    {
        using var process = Process.Start(StartInfo(settings, arguments))!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return new ToolRun(process.ExitCode, await output, await error);
    }

    /// <summary>
    /// Runs a verb to its end within this process, for a tenth of the CPU: where its words, its exit code and its work are the question,
    /// and not its process. The settings, if any, come from a file.
    /// </summary>
    public static async Task<ToolRun> RunHereAsync(IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        // A verb refuses names of its environment that it does not know, such as those of ./test.sh.
        if (OurNames().Any())
            return await RunAsync(settings, arguments);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["settings.json"], JsonSerializer.Serialize(settings));
        string[] config = settings.Count == 0 ? [] : ["--config", folder["settings.json"]];
        using var output = new StringWriter();
        using var error = new StringWriter();
        ConsoleCapture.Begin(TextWriter.Synchronized(output), TextWriter.Synchronized(error));
        var code = await CertctlCommand.RunAsync(
            [.. arguments, .. config], new InvocationConfiguration { ProcessTerminationTimeout = null });
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Starts <c>serve</c> and waits until it says where it listens.</summary>
    public static async Task<ServingProcess> ServeAsync(IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        var process = Process.Start(StartInfo(settings, ["serve", .. arguments]))!;
        var serving = new ServingProcess(process);
        using var patience = new CancellationTokenSource(Patience);
        await serving.ListeningAsync(patience.Token);
        return serving;
    }

    internal static ProcessStartInfo StartInfo(IReadOnlyDictionary<string, string> settings, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [PublishedExecutable.Dll, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in OurNames())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return start;
    }

    private static IEnumerable<string> OurNames() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(entry => (string)entry.Key).Where(name => name.StartsWith("CERTCTL_", StringComparison.Ordinal));
}

/// <summary>A running <c>serve</c>; killed where the test does not end it.</summary>
internal sealed class ServingProcess(Process process) : IAsyncDisposable
{
    private const string Announcement = "certctl serves https://";

    private readonly StringBuilder _log = new();
    private Task _reading = Task.CompletedTask;

    public int Port { get; private set; }

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public async Task ListeningAsync(CancellationToken cancellationToken)
    {
        while (Port == 0)
        {
            var line = await process.StandardError.ReadLineAsync(cancellationToken)
                ?? throw new InvalidOperationException($"serve ended: {Log}");
            Write(line);
            if (line.StartsWith(Announcement, StringComparison.Ordinal))
                Port = new Uri(line[(Announcement.Length - "https://".Length)..]).Port;
        }

        _reading = Task.Run(async () =>
        {
            while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
                Write(line);
        }, CancellationToken.None);
    }

    public ScepWire Connect(string caFile, string path = "/scep") => new(new Uri($"https://localhost:{Port}"), caFile, path);

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>SIGTERM; the exit code once it is gone and its log is whole.</summary>
    public async Task<int> StopAsync()
    {
        Signal("TERM");
        return await EndedAsync();
    }

    public async Task<int> EndedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await process.WaitForExitAsync(patience.Token);
        await _reading;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Write(string line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
