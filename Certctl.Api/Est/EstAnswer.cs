using System.Text;
using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Est;

/// <summary>Answers of EST in the shape that its clients read.</summary>
internal static class EstAnswer
{
    private const string PendingSeconds = "300";

    /// <param name="body">Base64 of a certs-only SignedData.</param>
    public static Task CertificatesAsync(HttpContext http, byte[] body) =>
        SendAsync(http, "application/pkcs7-mime; smime-type=certs-only", body);

    /// <summary>Base64 in a body of this type.</summary>
    public static Task SendAsync(HttpContext http, string contentType, byte[] body)
    {
        // RFC 8951 §3 takes the header away; clients of before read nothing without it, and others ignore it (docs/divergences.md).
        http.Response.Headers["Content-Transfer-Encoding"] = "base64";
        return DeviceAnswer.Send(http, contentType, body);
    }

    /// <summary>As the text of a body, in lines that all clients read.</summary>
    public static byte[] Base64(byte[] der) =>
        Encoding.ASCII.GetBytes(Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\r\n");

    /// <summary>RFC 7030 §4.2.3: the same request, later.</summary>
    public static Task PendingAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = PendingSeconds;
        return DeviceAnswer.Say(
            http, StatusCodes.Status202Accepted, "The request waits for an operator; send it again later, with the same key and names.");
    }
}
