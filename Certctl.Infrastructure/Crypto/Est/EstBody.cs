using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>The octets of a request's body, in each form that clients send them in.</summary>
internal static class EstBody
{
    /// <summary>What there is to say of a body that is null.</summary>
    public const string Unknown = "the body is neither base64 nor PEM nor DER";

    private const byte Sequence = 0x30;

    /// <summary>The DER; null when the body is of none of the forms.</summary>
    public static ReadOnlyMemory<byte>? Decode(ReadOnlyMemory<byte> body)
    {
        // No request is long enough in base64 to begin with "0", which is a SEQUENCE's tag too.
        if (body.Span.StartsWith([Sequence]))
            return body;
        if (body.Span.IndexOf("-----BEGIN "u8) >= 0)
            return FromPem(body.Span);

        // RFC 8951 §3.1: white space anywhere, or none.
        var text = new byte[body.Length];
        var length = 0;
        foreach (var octet in body.Span)
        {
            if (octet is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                text[length++] = octet;
        }

        var der = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];
        return length > 0 && Base64.DecodeFromUtf8(text.AsSpan(0, length), der, out _, out var written) == OperationStatus.Done
            ? der.AsMemory(0, written)
            : (ReadOnlyMemory<byte>?)null;
    }

    // Compat: curl with the file that openssl wrote, lgtti. The label of old Netscape tools names the same structure.
    private static ReadOnlyMemory<byte>? FromPem(ReadOnlySpan<byte> body)
    {
        var text = Encoding.Latin1.GetString(body);
        return PemEncoding.TryFind(text, out var fields) && text[fields.Label] is "CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST"
            ? Convert.FromBase64String(text[fields.Base64Data])
            : (ReadOnlyMemory<byte>?)null;
    }
}
