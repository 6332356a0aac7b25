using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Est.ServerKeys;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>One part of a multipart body, to be written in base64.</summary>
internal readonly ref struct Part(string contentType, ReadOnlySpan<byte> content)
{
    public string ContentType { get; } = contentType;

    public ReadOnlySpan<byte> Content { get; } = content;
}

/// <summary>
/// multipart/mixed (RFC 2046 §5.1) of two parts in base64, in a buffer of the right size: no copy of a key is left behind.
/// </summary>
internal static class Multipart
{
    public const string Pkcs8 = "application/pkcs8";
    public const string CertificatesOnly = "application/pkcs7-mime; smime-type=certs-only";
    public const string EncryptedKey = "application/pkcs7-mime; smime-type=server-generated-key";

    // RFC 2045 §6.8: lines of at most 76 characters.
    private const int LineOctets = 57;

    private static ReadOnlySpan<byte> NewLine => "\r\n"u8;

    public static MultipartAnswer Write(Part first, Part second)
    {
        // RFC 2046 §5.1.1: must not occur in the parts; they are base64, which has no hyphens.
        var boundary = "certctl-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var body = new byte[Length(boundary, first) + Length(boundary, second) + Closing(boundary).Length];
        var rest = Append(body, boundary, first);
        rest = Append(rest, boundary, second);
        Closing(boundary).CopyTo(rest);
        return new MultipartAnswer($"multipart/mixed; boundary={boundary}", body);
    }

    private static int Length(string boundary, Part part)
    {
        var (lines, last) = Math.DivRem(part.Content.Length, LineOctets);
        return Head(boundary, part).Length
            + (lines * (Base64.GetMaxEncodedToUtf8Length(LineOctets) + NewLine.Length))
            + (last == 0 ? 0 : Base64.GetMaxEncodedToUtf8Length(last) + NewLine.Length);
    }

    private static Span<byte> Append(Span<byte> rest, string boundary, Part part)
    {
        var head = Head(boundary, part);
        head.CopyTo(rest);
        rest = rest[head.Length..];
        for (var content = part.Content; !content.IsEmpty;)
        {
            var line = content[..Math.Min(LineOctets, content.Length)];
            Base64.EncodeToUtf8(line, rest, out _, out var written);
            NewLine.CopyTo(rest[written..]);
            rest = rest[(written + NewLine.Length)..];
            content = content[line.Length..];
        }

        return rest;
    }

    // RFC 7030 §4.4.2: each part says that it is base64, for what reads the body as MIME.
    private static byte[] Head(string boundary, Part part) => Encoding.ASCII.GetBytes(
        $"--{boundary}\r\nContent-Type: {part.ContentType}\r\nContent-Transfer-Encoding: base64\r\n\r\n");

    private static byte[] Closing(string boundary) => Encoding.ASCII.GetBytes($"--{boundary}--\r\n");
}
