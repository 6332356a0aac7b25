using System.Security.Cryptography;
using System.Text;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>What a signed challenge says (the "v1" claim set of docs/intune.md), its signature verified.</summary>
public sealed record IntuneClaim
{
    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required string Nonce { get; init; }

    /// <summary>Claim <c>aud</c>, a text or an array of them; empty where there is none.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Claim <c>nbf</c>; null where there is none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

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

/// <summary>
/// A signed challenge: a compact JWS (RFC 7515 §7.1) that a connector made for one device. Pure computation; nothing is fetched.
/// </summary>
public static class IntuneChallenge
{
    private const int LongestSecret = 200;
    private const int Dots = 2;
    private const int MaxAudiencesNamed = 3;

    /// <summary>Longer than 200 characters, and exactly two dots: then it is judged as a signed challenge, and by nothing else.</summary>
    public static bool HasShape(Secret challenge) => challenge.Length > LongestSecret && challenge.Reveal().AsSpan().Count('.') == Dots;

    /// <summary>
    /// Judges the challenge by itself, in the order of the contract: form, signature, version, claims, time, audience, age.
    /// </summary>
    public static IntuneVerdict Verify(Secret challenge, IntuneSettings settings, DateTimeOffset now)
    {
        var text = challenge.Reveal();
        var token = Name(text);
        if (CompactJws.Read(text, out var defect) is not { } jws)
            return new(token, null, new EnrolmentFailure(FailureReason.IntuneMalformed, defect));
        if (FindForgery(jws, settings.Anchors, now) is { } forgery)
            return new(token, null, new EnrolmentFailure(FailureReason.IntuneSignatureInvalid, forgery));
        var (claim, failure) = IntuneClaimReader.Read(jws.Payload);
        return new(token, claim, claim is null ? failure : FindLapse(claim, settings, now));
    }

    /// <summary>Whether the request asks for exactly the names that the challenge vouches for; null: it does.</summary>
    public static EnrolmentFailure? FindMismatch(IntuneClaim claim, CertificateSigningRequest csr) =>
        ClaimBinding.FindDifference(claim, csr) is { } difference
            ? new EnrolmentFailure(FailureReason.IntuneClaimMismatch, difference)
            : null;

    private static byte[] Name(string text)
    {
        var signed = text.AsSpan().Count('.') == Dots ? text.LastIndexOf('.') : text.Length;
        return SHA256.HashData(Encoding.UTF8.GetBytes(text[..signed]));
    }

    private static string? FindForgery(CompactJws jws, ITrustAnchors anchors, DateTimeOffset now)
    {
        if (jws.Algorithm is not { } algorithm)
            return "alg is neither RS256 nor ES256";
        if (anchors.FindSigner(algorithm, jws.SigningInput, jws.Signature, now) is not null)
            return null;
        var valid = anchors.All.Count(anchor => anchor.IsValidAt(now));
        return valid == 0
            ? $"none of {anchors.All.Count} trust anchors is valid now"
            : $"not signed with {(algorithm == JwsAlgorithm.Rs256 ? "RS256" : "ES256")} by any of {valid} valid trust anchors";
    }

    // RFC 7519 §4.1.4: exp is the first moment at which it is over. The cap on its age knows no tolerance: iat is the connector's own
    // word.
    private static EnrolmentFailure? FindLapse(IntuneClaim claim, IntuneSettings settings, DateTimeOffset now)
    {
        if (now + settings.ClockSkew < claim.IssuedAt)
            return new(FailureReason.IntuneNotYetValid, $"issued at {claim.IssuedAt:O}, which is to come");

        // RFC 7519 §4.1.5
        if (now + settings.ClockSkew < claim.NotBefore)
            return new(FailureReason.IntuneNotYetValid, $"not to be used before {claim.NotBefore:O}");
        if (now - settings.ClockSkew >= claim.ExpiresAt)
            return new(FailureReason.IntuneExpired, $"ended at {claim.ExpiresAt:O}");
        if (settings.Audience is { } audience && !claim.Audiences.Contains(audience, StringComparer.Ordinal))
        {
            var named = string.Join(", ", claim.Audiences.Take(MaxAudiencesNamed).Select(ClaimBinding.Quoted));
            return new(FailureReason.IntuneWrongAudience, named.Length == 0 ? "it has no audience" : $"it is meant for {named}");
        }

        if (now - claim.IssuedAt > settings.ChallengeValidity)
            return new(FailureReason.IntuneExpired, $"issued at {claim.IssuedAt:O}, longer ago than {settings.ChallengeValidity:c} allows");
        return null;
    }
}
