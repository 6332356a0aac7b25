namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>A signed challenge that was used: by which request, and until when another would have to be told so.</summary>
internal sealed class ChallengeUseRow
{
    /// <summary>SHA-256 over issuer and token.</summary>
    public required byte[] UseKey { get; init; }

    public required byte[] CsrSha256 { get; init; }

    public required Guid EnrolmentId { get; init; }

    public required DateTimeOffset KeptUntil { get; init; }
}

/// <summary>
/// One certificate of a device within 24 hours. A device has as many slots as it may have certificates; a slot is taken when it is new or
/// when what it stands for is 24 hours old. Two processes that want the same slot meet at its key, and one of them gets it.
/// </summary>
internal sealed class DeviceSlot
{
    /// <summary>SHA-256 over PathID, subject and issuer of the claim.</summary>
    public required byte[] DeviceKey { get; init; }

    /// <summary>0 to the limit, exclusively.</summary>
    public required int Slot { get; init; }

    public required Guid EnrolmentId { get; init; }

    public required DateTimeOffset TakenAt { get; init; }
}
