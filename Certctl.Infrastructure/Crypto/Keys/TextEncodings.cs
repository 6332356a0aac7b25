namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>How editors mark text: what a file that should be UTF-8 or ASCII may begin with instead.</summary>
public static class TextEncodings
{
    public static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>With its mark, or without: ASCII text in UTF-16 has a zero in every second octet.</summary>
    public static bool IsUtf16(ReadOnlySpan<byte> octets) =>
        octets is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
        || (octets.Length % 2 == 0 && (octets is [0, not 0, 0, not 0, ..] or [not 0, 0, not 0, 0, ..]));
}
