using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Publication;

/// <summary>What stands behind the name in a GET of OCSP: an OCSPRequest, or upstream's serial number.</summary>
/// <param name="Request">OCSPRequest; null where it is a serial number, or neither.</param>
/// <param name="SerialNumber">40 lower-case hex digits; null where it is a request, or neither.</param>
internal readonly record struct OcspGetText(byte[]? Request, string? SerialNumber)
{
    private const int SerialDigits = 40;

    /// <param name="raw">As it was sent.</param>
    public static OcspGetText Read(string raw)
    {
        var once = Trim(Uri.UnescapeDataString(raw));

        // An OCSPRequest is a SEQUENCE, 0x30, so its base64 begins with 'M', which is no hex digit: the two forms never meet.
        if (SerialOf(once) is { } serial)
            return new OcspGetText(null, serial);

        // RFC 6960 §A.1: base64, percent-encoded. Compat: some clients encode what their HTTP library encodes again.
        return new OcspGetText(Decode(once) ?? Decode(Trim(Uri.UnescapeDataString(once))), null);
    }

    // Compat: clients that append to a URL with a slash at its end send two, and none of the slashes before 'M' is base64. Behind the
    // padding none is, either.
    private static string Trim(string text)
    {
        var start = text.TrimStart('/');
        return start.TrimEnd('/') is var both && both.EndsWith('=') ? both : start;
    }

    private static byte[]? Decode(string text) =>
        LenientBase64.Decode(text) ?? (text.EndsWith('/') ? LenientBase64.Decode(text.TrimEnd('/')) : null);

    // Upstream's form: hex digits in any case, with 0x before them or colons between them.
    private static string? SerialOf(string text)
    {
        var digits = text.TrimEnd('/');
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            digits = digits[2..];
        digits = digits.Replace(":", "", StringComparison.Ordinal);
        return digits.Length is > 0 and <= SerialDigits && digits.All(char.IsAsciiHexDigit)
            ? digits.ToLowerInvariant().PadLeft(SerialDigits, '0')
            : null;
    }
}
