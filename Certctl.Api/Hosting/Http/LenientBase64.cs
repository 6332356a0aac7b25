namespace Certctl.Api.Hosting.Http;

/// <summary>Base64 in a URL, after percent-decoding, as clients in the field write it.</summary>
internal static class LenientBase64
{
    /// <summary>
    /// Accepts a '+' that became a space, line breaks, missing padding and the URL-safe alphabet; null: no octets are to be had.
    /// </summary>
    public static byte[]? Decode(string text)
    {
        var clean = new char[text.Length + 3];
        var length = 0;
        foreach (var c in text)
        {
            if (c is '\r' or '\n' or '\t' or '=')
                continue;
            clean[length++] = c switch { ' ' or '-' => '+', '_' => '/', _ => c };
        }

        // '-' is '+' in the URL-safe alphabet; padding says nothing that the length does not.
        while (length % 4 != 0)
            clean[length++] = '=';
        var octets = new byte[length / 4 * 3];
        return length > 0 && Convert.TryFromBase64Chars(clean.AsSpan(0, length), octets, out var written) ? octets[..written] : null;
    }
}
