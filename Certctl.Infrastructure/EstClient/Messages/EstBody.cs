using System.Buffers;
using System.Buffers.Text;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>The base64 of EST's payloads (RFC 8951 §3): of the alphabet of RFC 4648 §4, with white space wherever it stands.</summary>
internal static class EstBody
{
    /// <param name="what">The subject of the message.</param>
    public static byte[] Decode(EstStage stage, string what, ReadOnlySpan<byte> text)
    {
        if (text.Trim(" \t\r\n"u8).IsEmpty)
            throw Wrong(stage, $"{what} is empty");
        if (text[0] == 0x30 && text.Length > 1 && text[1] >= 0x80)
            throw Wrong(stage, $"{what} is bare DER where RFC 8951 §3 demands base64");
        if (text.IndexOf("-----BEGIN"u8) >= 0)
            throw Wrong(stage, $"{what} is PEM where RFC 8951 §3 demands base64 alone");

        // RFC 8951 §3.1: CR, LF, SP and TAB may stand anywhere; the decoder skips exactly these.
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, octets, out var consumed, out var written) == OperationStatus.Done && consumed == text.Length
            ? octets[..written]
            : throw Wrong(stage, $"{what} is no base64");
    }

    private static EstClientException Wrong(EstStage stage, string what) => EstClientException.Untrusted(
        stage, $"{what}.", "The server, or a proxy before it, does not follow RFC 7030. Check that the URL is that of an EST server.");
}
