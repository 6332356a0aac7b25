using System.Buffers;
using System.Buffers.Text;

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

        return FromBase64(body.Span);
    }

    // RFC 8951 §3.1: white space anywhere, or none.
    private static ReadOnlyMemory<byte>? FromBase64(ReadOnlySpan<byte> body)
    {
        var text = new byte[body.Length];
        var length = 0;
        foreach (var octet in body)
        {
            if (octet is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                text[length++] = octet;
        }

        var der = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];
        return length > 0 && Base64.DecodeFromUtf8(text.AsSpan(0, length), der, out _, out var written) == OperationStatus.Done
            ? der.AsMemory(0, written)
            : (ReadOnlyMemory<byte>?)null;
    }

    // Compat: curl with the file that openssl wrote, lgtti. The label of old Netscape tools names the same structure. Not by PemEncoding:
    // for each BEGIN line it looks for its END line in the rest of the text, and strangers may send many.
    private static ReadOnlyMemory<byte>? FromPem(ReadOnlySpan<byte> body) =>
        Between(body, "-----BEGIN CERTIFICATE REQUEST-----"u8, "-----END CERTIFICATE REQUEST-----"u8)
        ?? Between(body, "-----BEGIN NEW CERTIFICATE REQUEST-----"u8, "-----END NEW CERTIFICATE REQUEST-----"u8);

    private static ReadOnlyMemory<byte>? Between(ReadOnlySpan<byte> body, ReadOnlySpan<byte> begin, ReadOnlySpan<byte> end)
    {
        if (body.IndexOf(begin) is not (>= 0 and var start))
            return null;
        var rest = body[(start + begin.Length)..];
        return rest.IndexOf(end) is >= 0 and var length ? FromBase64(rest[..length]) : null;
    }
}
