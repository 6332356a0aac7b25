namespace Certctl.Application.Admin.ApiKeys;

/// <summary>
/// A key of the REST API that was made at run time. The key itself is nowhere: what is kept cannot be turned back into it.
/// </summary>
public sealed record ApiKey
{
    /// <summary>16 lower-case hex digits; stands in the key, and is no secret.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The actor in the audit trail. Several keys of one name, as while one follows the other, are one actor and have one role.
    /// </summary>
    public required string Name { get; init; }

    public required ApiRole Role { get; init; }

    /// <summary>
    /// SHA-256 over the whole key, 32 octets. The key has 256 random bits, so a plain digest cannot be reversed by guessing.
    /// </summary>
    public required byte[] Sha256 { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>Who answers for it: the principal of the one who made it. Approvals with keys of one principal count once.</summary>
    public required string Principal { get; init; }

    /// <summary>From then on it is refused.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>To the minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Null: it is not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    public ApiKeyState StateAt(DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return ApiKeyState.Revoked;
        return now < ExpiresAt ? ApiKeyState.Active : ApiKeyState.Expired;
    }
}

/// <summary>What a key counts for.</summary>
public enum ApiKeyState
{
    Active,
    Expired,
    Revoked,
}
