using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Certctl.Api.Configuration;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// SIGHUP: reads every file again that the settings name (keys, certificates, trust bundles, the <c>_FILE</c> of each secret) and puts each part to use that is good. A bad
/// part is named and keeps itself alone; the others are exchanged.
/// </summary>
internal sealed partial class SignalReload(
    ConfigurationSource source, ReloadableFiles files, ReloadableSecrets secrets, ReloadAuditEvents events, TimeProvider clock, ILogger<SignalReload> logger)
    : BackgroundService
{
    // One waits while another runs: a third signal would find the same files as the second.
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private PosixSignalRegistration? _registration;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = HangupSignal.Listen(() => _signals.Writer.TryWrite(true));
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _registration?.Dispose();
        _oneAtATime.Dispose();
        base.Dispose();
    }

    /// <summary>Reads everything again now.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var reading = source.Read();
            List<StagedPart> parts = [.. files.Stage(reading.Draft, clock.GetUtcNow()), .. await secrets.StageAsync(reading, cancellationToken)];
            foreach (var part in parts)
                part.Commit();
            Log(reading, parts);
            events.Begin(parts);
        }
        catch (IOException unreadable)
        {
            LogKept($"the settings cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException denied)
        {
            LogKept($"the settings cannot be read: {denied.Message}");
        }
        catch (CryptographicException unusable)
        {
            LogKept($"the settings cannot be read: {unusable.Message}");
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in _signals.Reader.ReadAllAsync(stoppingToken))
                await ReloadAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the server.
        }
    }

    private void Log(ConfigurationReading reading, List<StagedPart> parts)
    {
        foreach (var warning in parts.SelectMany(part => part.Warnings))
            LogWarning(warning);
        var problems = parts.SelectMany(part => part.Problems).ToList();
        foreach (var problem in problems.Concat(reading.Problems).Distinct(StringComparer.Ordinal))
            LogKept(problem);
        foreach (var part in parts.Where(part => part is { Problems.Count: 0, Change: not null }))
            LogExchanged(part.PathId is null ? part.Name : $"{part.Name} of SCEP profile \"{part.PathId}\"", part.Change!);
        if (reading.FixedSecrets.Count > 0)
            LogFixed(string.Join(", ", reading.FixedSecrets));
        if (problems.Count == 0 && reading.Problems.Count == 0)
            LogReloaded(parts.Count);
    }

    [LoggerMessage(1, LogLevel.Information, "Reloaded the TLS certificate, keys, trust bundles and secrets: all {Parts} parts that were read again are in use")]
    private partial void LogReloaded(int parts);

    [LoggerMessage(2, LogLevel.Error, "Reload refused, the old one stays in use: {Problem}")]
    private partial void LogKept(string problem);

    [LoggerMessage(3, LogLevel.Warning, "Reload: {Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(4, LogLevel.Information, "Reload: {Part} changed: {Change}")]
    private partial void LogExchanged(string part, string change);

    [LoggerMessage(5, LogLevel.Information, "Reload: secrets that are variables of this process ({Names}) stay as they are until a restart; give them as files (NAME_FILE) to change them by SIGHUP")]
    private partial void LogFixed(string names);
}
