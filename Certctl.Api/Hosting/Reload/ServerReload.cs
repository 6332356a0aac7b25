using System.Security.Cryptography;
using Certctl.Api.Configuration;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Reload;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// Reads every file again that the settings name (keys, certificates, trust bundles, the <c>_FILE</c> of each secret) and puts each part to
/// use that is good. A bad part is named and keeps itself alone; the others are exchanged. One run at a time.
/// </summary>
internal sealed partial class ServerReload(
    CertctlOptions start, ConfigurationSource source, IReadOnlyList<ReloadablePart> parts, ReloadAuditEvents events, TimeProvider clock,
    ILogger<ServerReload> logger) : IDisposable
{
    /// <summary><see cref="Domain.Audit.AuditEvent.ActorType"/> of a signal, and of what the server does by itself.</summary>
    private const string ByItself = "System";

    private static readonly PartName Configuration = new("configuration", null);

    private readonly SemaphoreSlim _oneAtATime = new(1);

    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>For the server itself: does not wait until the audit trail has it.</summary>
    /// <param name="by">For the audit trail.</param>
    public Task ReloadAsync(AdminCaller by, CancellationToken cancellationToken) => RunAsync(by, ByItself, null, cancellationToken);

    /// <summary>For operators, by REST: <see cref="ReloadParts"/>.</summary>
    public async Task<IReadOnlyList<PartReload>> ReloadAsync(AdminCaller by, PartName? only, CancellationToken cancellationToken)
    {
        var (staged, written) = await RunAsync(by, AdminTrail.Person, only, cancellationToken);
        await written;
        return [.. staged.Select(part => part.Result)];
    }

    private async Task<(IReadOnlyList<StagedPart> Parts, Task Written)> RunAsync(
        AdminCaller by, string actorType, PartName? only, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // What a run began it finishes: parts that are exchanged must not go without their events.
            return only is null ? await AllAsync(by, actorType) : await OneAsync(only, by, actorType);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    // Where the file of the part lies is no secret, so it is as at the start, and the settings are not read again.
    private async Task<(IReadOnlyList<StagedPart> Parts, Task Written)> OneAsync(PartName only, AdminCaller by, string actorType)
    {
        var reading = new ReloadReading(start, [], clock.GetUtcNow());
        IReadOnlyList<StagedPart> staged = [await parts.First(part => part.Name == only).StageAsync(reading)];
        return (staged, Use(staged, by, actorType));
    }

    private async Task<(IReadOnlyList<StagedPart> Parts, Task Written)> AllAsync(AdminCaller by, string actorType)
    {
        var (settings, problems) = Read();
        if (settings is null)
        {
            IReadOnlyList<StagedPart> refused = [new StagedPart(Configuration).Refuse(problems)];
            return (refused, Use(refused, by, actorType));
        }

        var reading = new ReloadReading(settings.Draft, settings.Problems, clock.GetUtcNow());
        var staged = new List<StagedPart>();
        var written = new List<Task>();
        foreach (var group in parts.GroupBy(part => part.IsSlow).OrderBy(group => group.Key))
        {
            var ready = new List<StagedPart>();
            foreach (var part in group)
                ready.Add(await part.StageAsync(reading));
            written.Add(Use(ready, by, actorType));
            staged.AddRange(ready);
        }

        if (OfSettings(settings, staged) is { } rest)
        {
            written.Add(Use([rest], by, actorType));
            staged.Add(rest);
        }

        Conclude(settings, staged);
        return (staged, Task.WhenAll(written));
    }

    /// <summary>The settings as they are now; null: they say nothing that can be relied on, and every part is refused.</summary>
    private (ConfigurationReading? Settings, IReadOnlyList<string> Problems) Read()
    {
        try
        {
            var settings = source.Read();

            // What a broken file does not say cannot be told from what was taken out of it.
            return settings.FileProblems.Count > 0 ? (null, settings.FileProblems) : (settings, []);
        }
        catch (IOException unreadable)
        {
            return (null, [$"the settings cannot be read: {unreadable.Message}"]);
        }
        catch (UnauthorizedAccessException denied)
        {
            return (null, [$"the settings cannot be read: {denied.Message}"]);
        }
        catch (CryptographicException unusable)
        {
            return (null, [$"the settings cannot be read: {unusable.Message}"]);
        }
    }

    /// <summary>What of the settings is wrong, or waits for a restart, and belongs to no part; null: nothing.</summary>
    private static StagedPart? OfSettings(ConfigurationReading settings, IReadOnlyList<StagedPart> staged)
    {
        List<string> problems = [.. settings.Problems.Except(staged.SelectMany(part => part.Problems), StringComparer.Ordinal)];
        var isWrong = problems.Count > 0;
        if (settings.RestartNeeded.Count > 0)
            problems.Add($"{string.Join(", ", settings.RestartNeeded)} of --config changed; what is no secret changes by a restart alone");
        if (problems.Count == 0)
            return null;
        return isWrong ? new StagedPart(Configuration).Refuse(problems) : new StagedPart(Configuration).RefuseUntilRestart(problems);
    }

    private Task Use(IReadOnlyList<StagedPart> staged, AdminCaller by, string actorType)
    {
        foreach (var part in staged)
            part.Commit();
        foreach (var warning in staged.SelectMany(part => part.Warnings))
            LogWarning(warning);
        foreach (var problem in staged.SelectMany(part => part.Problems).Distinct(StringComparer.Ordinal))
            LogKept(problem);
        foreach (var part in staged.Where(part => part is { Problems.Count: 0, Change: not null }))
            LogExchanged(part.Description, $"{part.Change}");
        return events.WriteAsync(staged, by, actorType);
    }

    private void Conclude(ConfigurationReading settings, List<StagedPart> staged)
    {
        foreach (var warning in settings.Warnings)
            LogWarning(warning);
        if (settings.FixedSecrets.Count > 0)
            LogFixed(string.Join(", ", settings.FixedSecrets));
        if (staged.TrueForAll(part => part.Problems.Count == 0))
            LogReloaded(staged.Count);
    }

    [LoggerMessage(1, LogLevel.Information,
        "Reloaded the TLS certificate, keys, trust bundles and secrets: all {Parts} parts that were read again are in use")]
    private partial void LogReloaded(int parts);

    [LoggerMessage(2, LogLevel.Error, "Reload refused, the old one stays in use: {Problem}")]
    private partial void LogKept(string problem);

    [LoggerMessage(3, LogLevel.Warning, "Reload: {Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(4, LogLevel.Information, "Reload: {Part} changed: {Change}")]
    private partial void LogExchanged(string part, string change);

    [LoggerMessage(5, LogLevel.Information,
        "Reload: secrets that are variables of this process ({Names}) stay as they are until a restart; "
        + "give them as files (NAME_FILE) to change them by SIGHUP")]
    private partial void LogFixed(string names);
}
