using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>A JWS in compact form (RFC 7515 §7.1), taken apart; nothing in it has been verified.</summary>
/// <param name="Algorithm">Null: <c>alg</c> is none of the two that are taken.</param>
/// <param name="SigningInput">Header and payload as received, in ASCII.</param>
internal sealed record CompactJws(JwsAlgorithm? Algorithm, byte[] SigningInput, byte[] Payload, byte[] Signature)
{
    private const int MaxLength = 16_384;

    /// <summary>Takes <paramref name="text"/> apart; null, with the defect in words, where it is none.</summary>
    public static CompactJws? Read(string text, out string defect)
    {
        defect = "";
        if (text.Length > MaxLength)
            return Refuse($"longer than {MaxLength} characters", out defect);
        var parts = text.Split('.');
        if (parts.Length != 3)
            return Refuse($"{parts.Length} parts; a signed challenge has three, with dots between", out defect);
        if (Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload || Decode(parts[2]) is not { } signature)
            return Refuse("a part is empty or is not base64url without padding", out defect);
        return ReadHeader(header, out var algorithm) is { } wrong
            ? Refuse($"header: {wrong}", out defect)
            : new CompactJws(algorithm, Encoding.ASCII.GetBytes(text, 0, parts[0].Length + 1 + parts[1].Length), payload, signature);
    }

    // RFC 7515 §2: without padding, line breaks or white space. What decodes to the same octets and is written otherwise would be another
    // text for one token.
    private static byte[]? Decode(string part)
    {
        if (part.Length == 0 || !Base64Url.IsValid(part))
            return null;
        var octets = Base64Url.DecodeFromChars(part);
        return Base64Url.EncodeToString(octets) == part ? octets : null;
    }

    // Keys that the token brings or points at (jwk, jku, x5c, x5u) are never looked at, nor does kid choose: each anchor is tried.
    private static string? ReadHeader(byte[] json, out JwsAlgorithm? algorithm)
    {
        algorithm = null;
        using var header = StrictJson.ReadObject(json, out var defect);
        if (header is null)
            return defect;

        // RFC 7515 §4.1.11: what must be understood and is not.
        if (header.RootElement.TryGetProperty("crit", out _))
            return "crit names extensions, and none is understood here";
        algorithm = header.RootElement.TryGetProperty("alg", out var alg) && alg.ValueKind == JsonValueKind.String
            ? StrictJson.Text(alg) switch { "RS256" => JwsAlgorithm.Rs256, "ES256" => JwsAlgorithm.Es256, _ => null }
            : null;
        return null;
    }

    private static CompactJws? Refuse(string why, out string defect)
    {
        defect = why;
        return null;
    }
}
