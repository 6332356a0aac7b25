using Certctl.Domain.Enrolment;

namespace Certctl.Application.Intune;

/// <summary>What a signed challenge says (the "v1" claim set of docs/intune.md), its signature verified.</summary>
public sealed record IntuneClaim
{
    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required string Nonce { get; init; }

    /// <summary>Null when there is none.</summary>
    public string? Audience { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>What the CN of the request must be; null: it is not bound.</summary>
    public string? DeviceName { get; init; }

    public IReadOnlyList<string> DnsNames { get; init; } = [];

    public IReadOnlyList<string> MailAddresses { get; init; } = [];

    public IReadOnlyList<string> UserPrincipalNames { get; init; } = [];

    public IReadOnlyList<string> Uris { get; init; } = [];
}

/// <summary>What became of a signed challenge.</summary>
/// <param name="TokenSha256">32 octets over header and payload as received; over the whole text where it has no two dots.</param>
/// <param name="Claim">Null until the signature is verified and the claims are read.</param>
/// <param name="Failure">Null: it is good.</param>
public sealed record IntuneVerdict(ReadOnlyMemory<byte> TokenSha256, IntuneClaim? Claim, EnrolmentFailure? Failure);

/// <summary>A signed challenge: a compact JWS (RFC 7515 §7.1) that a connector made for one device. Pure computation; nothing is fetched.</summary>
public static class IntuneChallenge
{
    /// <summary>Longer than 200 characters, and exactly two dots: then it is judged as a signed challenge, and by nothing else.</summary>
    public static bool HasShape(Secret challenge) => throw new NotImplementedException();

    /// <summary>Judges the challenge by itself, in the order of the contract: form, signature, version, claims, time, audience, age.</summary>
    public static IntuneVerdict Verify(Secret challenge, IntuneSettings settings, DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>Whether the request asks for exactly the names that the challenge vouches for; null: it does.</summary>
    public static EnrolmentFailure? FindMismatch(IntuneClaim claim, CertificateSigningRequest csr) => throw new NotImplementedException();
}
