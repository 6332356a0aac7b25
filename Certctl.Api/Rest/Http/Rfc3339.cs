using System.Globalization;

namespace Certctl.Api.Rest.Http;

/// <summary>
/// Times as queries and bodies write them: RFC 3339 §5.6, which always has the offset. Without it a time would be one of some machine's
/// zone.
/// </summary>
internal static class Rfc3339
{
    private static readonly string[] Forms = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    /// <summary>In UTC; null: it is no such time.</summary>
    public static DateTimeOffset? Parse(string text)
    {
        // RFC 3339 §5.6: "T" and "Z" may be lower case.
        var upper = text.ToUpperInvariant();
        var hasOffset = upper.EndsWith('Z') || upper.LastIndexOfAny(['+', '-']) > upper.IndexOf('T', StringComparison.Ordinal);
        return hasOffset && DateTimeOffset.TryParseExact(upper, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.ToUniversalTime()
            : null;
    }
}
