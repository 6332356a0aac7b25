using System.Text;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>Octets as the text of a body.</summary>
internal static class EstText
{
    /// <summary>
    /// Base64 in lines of 76 columns, each with its end. RFC 8951 §3.1 leaves it to the sender; some clients cannot read one long line, and
    /// <c>base64 -d</c> of coreutils cannot read CR.
    /// </summary>
    public static byte[] Wrap(ReadOnlySpan<byte> octets) => Encoding.ASCII.GetBytes(
        Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks).Replace("\r\n", "\n", StringComparison.Ordinal) + "\n");
}
