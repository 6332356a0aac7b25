namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// A certificate profile that was deleted: one that is made again under its id goes on counting,
/// so that no version of an id ever names two rules.
/// </summary>
internal sealed class DeletedProfile
{
    public required string ProfileId { get; init; }

    /// <summary>The last one that it had.</summary>
    public required int Version { get; init; }
}
