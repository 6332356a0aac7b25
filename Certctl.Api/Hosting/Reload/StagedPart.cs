namespace Certctl.Api.Hosting.Reload;

/// <summary>One part of a running server as it was read again: ready to be put to use, or refused.</summary>
/// <param name="Name">As the audit trail has it: <c>tls</c>, <c>ra_pairs</c>, <c>challenge</c> …</param>
/// <param name="PathId">Of the SCEP profile; null for a part of the whole server.</param>
internal sealed record StagedPart(string Name, string? PathId)
{
    /// <summary>Why the old one stays in use; empty: the new one can be used.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Puts it to use; cannot fail.</summary>
    public Action Commit { get; init; } = () => { };

    /// <summary>What is new about it, for log and audit; null: it is as it was. Of a secret no more than that it changed.</summary>
    public string? Change { get; init; }

    public static StagedPart Refused(string name, string? pathId, params IReadOnlyList<string> problems) =>
        new(name, pathId) { Problems = problems };

    /// <summary>Change of something public, by its fingerprints.</summary>
    public static string? Fingerprints(string before, string after) => before == after ? null : $"{before} was replaced by {after}";
}
