using System.Security.Cryptography;
using Certctl.Api.Configuration;
using Certctl.Application.Admin;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// SIGHUP: reads every file again that the settings name (keys, certificates, trust bundles, the <c>_FILE</c> of each secret) and puts each
/// part to use that is good. A bad part is named and keeps itself alone; the others are exchanged.
/// </summary>
internal sealed partial class SignalReload(
    ConfigurationSource source, ReloadableFiles files, ReloadableSecrets secrets, ReloadAuditEvents events, TimeProvider clock, ILogger<SignalReload> logger)
    : BackgroundService
{
    private const string Configuration = "configuration";

    private static readonly AdminCaller Signal = new(ReservedNames.Signal, "signal");

    private readonly SemaphoreSlim _oneAtATime = new(1);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        HangupSignal.Listen();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _oneAtATime.Dispose();
        base.Dispose();
    }

    /// <summary>Reads everything again now.</summary>
    /// <param name="by">For the audit trail.</param>
    public async Task ReloadAsync(AdminCaller by, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var (reading, parts) = Stage();
            Use(parts, by);
            if (reading is null)
                return;

            // Asked for last: a database that does not answer keeps the other parts waiting for seconds.
            var database = await secrets.StageDatabaseAsync(reading, cancellationToken);
            Use([database], by);
            Conclude(reading, [.. parts, database]);
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
            await foreach (var _ in HangupSignal.ReadAllAsync(stoppingToken))
                await ReloadAsync(Signal, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the server.
        }
    }

    /// <summary>
    /// Every part but the password of the database. No reading: it says nothing that can be relied on, and every part is refused.
    /// </summary>
    private (ConfigurationReading? Reading, IReadOnlyList<StagedPart> Parts) Stage()
    {
        try
        {
            var reading = source.Read();

            // What a broken file does not say cannot be told from what was taken out of it.
            if (reading.FileProblems.Count > 0)
                return Refused([.. reading.FileProblems]);
            return (reading, [.. RestartNeeded(reading), .. files.Stage(reading.Draft, clock.GetUtcNow()), .. secrets.Stage(reading)]);
        }
        catch (IOException unreadable)
        {
            return Refused($"the settings cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException denied)
        {
            return Refused($"the settings cannot be read: {denied.Message}");
        }
        catch (CryptographicException unusable)
        {
            return Refused($"the settings cannot be read: {unusable.Message}");
        }

        static (ConfigurationReading?, IReadOnlyList<StagedPart>) Refused(params IReadOnlyList<string> problems) =>
            (null, [StagedPart.Refused(Configuration, null, problems)]);
    }

    private static IEnumerable<StagedPart> RestartNeeded(ConfigurationReading reading) => reading.RestartNeeded.Count == 0
        ? []
        : [StagedPart.Refused(
            Configuration, null, $"{string.Join(", ", reading.RestartNeeded)} of --config changed; what is no secret changes by a restart alone")];

    private void Use(IReadOnlyList<StagedPart> parts, AdminCaller by)
    {
        foreach (var part in parts)
            part.Commit();
        foreach (var warning in parts.SelectMany(part => part.Warnings))
            LogWarning(warning);
        foreach (var problem in parts.SelectMany(part => part.Problems).Distinct(StringComparer.Ordinal))
            LogKept(problem);
        foreach (var part in parts.Where(part => part is { Problems.Count: 0, Change: not null }))
            LogExchanged(part.PathId is null ? part.Name : $"{part.Name} of SCEP profile \"{part.PathId}\"", part.Change!);
        events.Begin(parts, by);
    }

    private void Conclude(ConfigurationReading reading, IReadOnlyList<StagedPart> parts)
    {
        foreach (var warning in reading.Warnings)
            LogWarning(warning);
        foreach (var problem in reading.Problems.Except(parts.SelectMany(part => part.Problems), StringComparer.Ordinal))
            LogKept(problem);
        if (reading.FixedSecrets.Count > 0)
            LogFixed(string.Join(", ", reading.FixedSecrets));
        if (reading.Problems.Count == 0 && parts.All(part => part.Problems.Count == 0))
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

    [LoggerMessage(5, LogLevel.Information,
        "Reload: secrets that are variables of this process ({Names}) stay as they are until a restart; give them as files (NAME_FILE) to change them by SIGHUP")]
    private partial void LogFixed(string names);
}
