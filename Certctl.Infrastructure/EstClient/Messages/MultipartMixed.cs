using System.Net.Http.Headers;
using System.Text;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>One part of a multipart body.</summary>
/// <param name="Type">Null when the part has none or it cannot be read.</param>
internal sealed record MultipartPart(MediaTypeHeaderValue? Type, ReadOnlyMemory<byte> Body);

/// <summary>
/// A reader of multipart/mixed (RFC 2046 §5.1) as strict as EST allows: complete, no part inside another, bounded. Lines end in CRLF; a
/// bare LF is taken too, since base64 does not care.
/// </summary>
internal static class MultipartMixed
{
    private const int MaxParts = 4;
    private const int MaxHeaders = 16;
    private const int MaxHeaderLine = 1000;

    public static IReadOnlyList<MultipartPart> Read(EstStage stage, EstAnswer answer)
    {
        if (answer.MediaType != "multipart/mixed")
            throw Wrong(stage, $"the Content-Type is \"{ScepStageNames.Printable(answer.MediaType)}\", not multipart/mixed");
        var delimiter = Encoding.ASCII.GetBytes("--" + Boundary(stage, answer.Type));
        var parts = new List<MultipartPart>();
        var lines = new Lines(answer.Body);
        List<string>? headers = null;
        var start = 0;
        while (lines.Next() is { } line)
        {
            if (Delimits(line, delimiter) is not { } isLast)
                continue;

            // RFC 2046 §5.1.1: the line end before a delimiter belongs to it, and what stands before the first is not of the message.
            if (headers is not null)
                parts.Add(Part(stage, answer.Body[start..Math.Max(start, lines.EndOfPrevious)], headers));
            if (isLast)
                return Finished(stage, parts, answer.Body[lines.Position..]);
            if (parts.Count == MaxParts)
                throw Wrong(stage, $"it has more than {MaxParts} parts");
            headers = Headers(stage, lines);
            start = lines.Position;
        }

        throw Wrong(stage, "its closing delimiter is missing");
    }

    // RFC 2046 §5.1.1: 1 to 70 characters, the last of them no space.
    private static string Boundary(EstStage stage, MediaTypeHeaderValue? type)
    {
        var boundary = EstAnswer.Parameter(type, "boundary") ?? "";
        return boundary.Length is > 0 and <= 70 && boundary[^1] != ' '
            && boundary.All(c => char.IsAsciiLetterOrDigit(c) || "'()+_,-./:=? ".Contains(c, StringComparison.Ordinal))
            ? boundary
            : throw Wrong(stage, "its boundary is missing or not one of RFC 2046");
    }

    // Null for any other line; blanks may follow a delimiter.
    private static bool? Delimits(ReadOnlyMemory<byte> line, byte[] delimiter)
    {
        if (!line.Span.StartsWith(delimiter))
            return null;
        var rest = line.Span[delimiter.Length..].TrimEnd(" \t"u8);
        return rest.IsEmpty ? false : rest.SequenceEqual("--"u8) ? true : null;
    }

    private static List<string> Headers(EstStage stage, Lines lines)
    {
        var headers = new List<string>();
        while (lines.Next() is { } line)
        {
            if (line.Length == 0)
                return headers;
            if (line.Length > MaxHeaderLine || headers.Count == MaxHeaders)
                throw Wrong(stage, "a part has too many or too long header fields");
            var text = Encoding.Latin1.GetString(line.Span);

            // RFC 5322 §2.2.3: a line that begins with white space goes on with the one before.
            if (text[0] is ' ' or '\t' && headers.Count > 0)
                headers[^1] += " " + text.Trim();
            else if (text.IndexOf(':', StringComparison.Ordinal) > 0)
                headers.Add(text);
            else
                throw Wrong(stage, "a part has a header field without a name");
        }

        throw Wrong(stage, "it breaks off in the header of a part");
    }

    private static MultipartPart Part(EstStage stage, ReadOnlyMemory<byte> body, List<string> headers)
    {
        const string name = "Content-Type:";
        var types = headers.Where(header => header.StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (types.Count > 1)
            throw Wrong(stage, "a part has two Content-Types");
        return new MultipartPart(
            types.Count == 1 && MediaTypeHeaderValue.TryParse(types[0][name.Length..].Trim(), out var type) ? type : null, body);
    }

    private static List<MultipartPart> Finished(EstStage stage, List<MultipartPart> parts, ReadOnlyMemory<byte> epilogue) =>
        epilogue.Span.Trim(" \t\r\n"u8).IsEmpty ? parts : throw Wrong(stage, "something follows its closing delimiter");

    private static EstClientException Wrong(EstStage stage, string what) => EstClientException.Untrusted(
        stage, $"the server's answer of several parts cannot be read: {what}.",
        "RFC 7030 §4.4.2 wants multipart/mixed of a private key and a certificate. Check that the URL is that of an EST server.");

    private sealed class Lines(ReadOnlyMemory<byte> text)
    {
        private int _end;

        /// <summary>Where the next line begins.</summary>
        public int Position { get; private set; }

        /// <summary>Where the line before the last one that was read ended, without its line end.</summary>
        public int EndOfPrevious { get; private set; }

        /// <summary>Without its line end; null behind the last.</summary>
        public ReadOnlyMemory<byte>? Next()
        {
            if (Position >= text.Length)
                return null;
            var rest = text[Position..];
            var length = rest.Span.IndexOf((byte)'\n');
            var line = length < 0 ? rest : rest[..length];
            if (line.Length > 0 && line.Span[^1] == '\r')
                line = line[..^1];
            EndOfPrevious = _end;
            _end = Position + line.Length;
            Position += length < 0 ? rest.Length : length + 1;
            return line;
        }
    }
}
