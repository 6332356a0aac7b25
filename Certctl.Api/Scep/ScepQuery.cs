using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Scep;

/// <summary>
/// The query of a SCEP request, read raw: a framework's form decoding would turn the '+' of base64 into a space.
/// </summary>
internal static class ScepQuery
{
    /// <summary>Value of <c>operation</c>, null when absent.</summary>
    public static string? Operation(string? rawQuery) => Find(rawQuery, "operation") is { } raw ? Uri.UnescapeDataString(raw) : null;

    /// <summary>
    /// The octets of <c>message</c> (RFC 8894 §4.1: base64, percent-encoded), null when there are none to be had. Accepts what clients in
    /// the field make of that: raw '+', '/' and '=', a '+' that became a space, line breaks, missing padding,
    /// the URL-safe alphabet, encoding twice.
    /// </summary>
    public static byte[]? Message(string? rawQuery)
    {
        if (Find(rawQuery, "message") is not { Length: > 0 } raw)
            return null;
        var once = Uri.UnescapeDataString(raw);

        // Compat: some clients percent-encode what their HTTP library percent-encodes again.
        return LenientBase64.Decode(once) ?? LenientBase64.Decode(Uri.UnescapeDataString(once));
    }

    private static string? Find(string? rawQuery, string name)
    {
        foreach (var part in (rawQuery ?? "").TrimStart('?').Split('&'))
        {
            var (key, value) = part.Split('=', 2) is [var k, var v] ? (k, v) : (part, "");
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        return null;
    }
}
