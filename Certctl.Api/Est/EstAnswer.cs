using System.Buffers.Text;
using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Est;

/// <summary>Answers of EST in the shape that its clients read.</summary>
internal static class EstAnswer
{
    private const string PendingSeconds = "300";

    // 76 columns.
    private const int OctetsOfLine = 57;

    /// <param name="der">A certs-only SignedData.</param>
    public static Task CertificatesAsync(EstCall call, byte[] der) =>
        SendAsync(call, "application/pkcs7-mime; smime-type=certs-only", der);

    /// <summary>Base64 of DER in a body of this type.</summary>
    public static Task SendAsync(EstCall call, string contentType, ReadOnlySpan<byte> der)
    {
        // RFC 8951 §3 takes the header away; clients of before read nothing without it, and others ignore it (docs/divergences.md).
        call.Http.Response.Headers["Content-Transfer-Encoding"] = "base64";
        return DeviceAnswer.Send(call.Http, contentType, Base64Text(der, call.Profile.BreaksLines ? OctetsOfLine : der.Length));
    }

    // RFC 8951 §3.1 leaves line breaks to the sender: libest reads no long line, strongSwan 5.9 nothing but one, and base64 -d of coreutils
    // no CR. A line end is behind the last line too.
    private static byte[] Base64Text(ReadOnlySpan<byte> der, int octetsOfLine)
    {
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(der.Length) + ((der.Length + octetsOfLine - 1) / octetsOfLine)];
        var length = 0;
        while (!der.IsEmpty)
        {
            var line = der[..Math.Min(octetsOfLine, der.Length)];
            Base64.EncodeToUtf8(line, text.AsSpan(length), out _, out var written);
            length += written;
            text[length++] = (byte)'\n';
            der = der[line.Length..];
        }

        return text;
    }

    /// <summary>RFC 7030 §4.2.3: the same request, later.</summary>
    public static Task PendingAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = PendingSeconds;
        return DeviceAnswer.Say(
            http, StatusCodes.Status202Accepted, "The request waits for an operator; send it again later, with the same key and names.");
    }
}
