using System.Diagnostics;
using System.Text;

namespace Certctl.Tests.Api.Hosting;

/// <summary>A verb that is under way: what it has printed so far, and ways to end it. Killed where the test does not end it.</summary>
internal sealed class RunningVerb : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _printed = new();

    private RunningVerb(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    /// <summary>Both streams.</summary>
    public string Printed
    {
        get
        {
            lock (_printed)
                return _printed.ToString();
        }
    }

    public static RunningVerb Start(IReadOnlyDictionary<string, string> settings, params string[] arguments) =>
        new(Process.Start(CommandLine.StartInfo(settings, arguments))!);

    public async Task PrintsAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!Printed.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"It ended before it said \"{text}\": {Printed}");
            await Task.Delay(20, patience.Token);
        }
    }

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The exit code, once it has ended and all that it printed is here.</summary>
    public async Task<int> EndsAsync(TimeSpan? within = null)
    {
        using var patience = new CancellationTokenSource(within ?? Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await EndsAsync();
        _process.Dispose();
    }

    private void Write(string? line)
    {
        lock (_printed)
            _printed.AppendLine(line);
    }
}
