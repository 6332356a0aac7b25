namespace Certctl.Infrastructure.Persistence;

/// <summary>What a SCEP server said, as JSON: it is read as a whole or not at all.</summary>
internal sealed record StoredProbe
{
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string Result { get; init; }
}
