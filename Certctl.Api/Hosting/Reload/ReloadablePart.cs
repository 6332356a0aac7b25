using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Compliance;
using Certctl.Api.Configuration.Est;
using Certctl.Api.Configuration.Scep;
using Certctl.Application.Admin.Reload;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Hosting.Reload;

/// <summary>One part of a running server that a reload can exchange: how it is read again and checked.</summary>
/// <param name="stage">Reads and checks without a side effect, and completes the part that it is given.</param>
internal sealed class ReloadablePart(PartName name, Func<StagedPart, ReloadReading, ValueTask<StagedPart>> stage)
{
    public ReloadablePart(string name, string? pathId, Func<StagedPart, ReloadReading, StagedPart> stage)
        : this(new PartName(name, pathId), (part, reading) => ValueTask.FromResult(stage(part, reading)))
    {
    }

    public PartName Name => name;

    /// <summary>It may take seconds, so it is read when all others are in use.</summary>
    public bool IsSlow { get; init; }

    /// <summary>What cannot be made ready is refused like a file that cannot be read.</summary>
    public async Task<StagedPart> StageAsync(ReloadReading reading)
    {
        var part = new StagedPart(name);
        try
        {
            return await stage(part, reading);
        }
        catch (ArgumentException unusable)
        {
            return part.Refuse(unusable.Message);
        }
        catch (CryptographicException unusable)
        {
            return part.Refuse(unusable.Message);
        }
    }
}

/// <summary>What one reload works with: the settings as they were read, and what parts found that others depend on.</summary>
/// <param name="Problems">Of the settings.</param>
internal sealed record ReloadReading(CertctlOptions Options, IReadOnlyList<string> Problems, DateTimeOffset Now)
{
    /// <summary>The RA pairs of each SCEP profile as they are after this reload, by PathID.</summary>
    public Dictionary<string, IReadOnlyList<KeyPair>> RaPairs { get; } = new(StringComparer.Ordinal);

    /// <summary>The CAs of all mTLS bundles as they are after this reload.</summary>
    public List<X509Certificate2> ClientCas { get; } = [];

    /// <exception cref="ArgumentException">The settings have it no more.</exception>
    public ScepProfileOptions Profile(string pathId) =>
        Options.ScepProfiles.FirstOrDefault(profile => profile.PathId == pathId)
            ?? throw new ArgumentException($"the settings have no SCEP profile \"{pathId}\" any more");

    /// <exception cref="ArgumentException">The settings have it no more.</exception>
    public EstProfileOptions EstProfile(string pathId) =>
        Options.EstProfiles.FirstOrDefault(profile => profile.PathId == pathId)
            ?? throw new ArgumentException($"the settings have no EST profile \"{pathId}\" any more");

    /// <summary>Null where the profile has no compliance service any more.</summary>
    /// <exception cref="ArgumentException">The settings have the profile no more.</exception>
    public ComplianceEndpoint? Compliance(EndpointNaming naming, string pathId) =>
        (naming == EndpointNaming.Est ? EstProfile(pathId).Compliance : Profile(pathId).Compliance) is { } service
            ? new ComplianceEndpoint(naming, pathId, service)
            : null;

    /// <summary>The problems that concern one of the settings; each names its setting first.</summary>
    public List<string> ProblemsOf(params IReadOnlyList<string> settings) =>
        [.. Problems.Where(problem => settings.Any(setting => Concerns(problem, setting)))];

    private static bool Concerns(string problem, string setting) =>
        problem.StartsWith(setting + ":", StringComparison.Ordinal) || problem.StartsWith(setting + " ", StringComparison.Ordinal)
        || problem.StartsWith(setting + KnownSettings.FileSuffix + ":", StringComparison.Ordinal);
}
