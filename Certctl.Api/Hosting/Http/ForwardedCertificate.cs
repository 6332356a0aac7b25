using System.Formats.Asn1;
using System.Security.Cryptography;
using Certctl.Application.ClientCertificates;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// A client certificate in a header: PEM, percent-encoded (nginx), DER in base64 (HAProxy), or a byte sequence of RFC 8941 (RFC 9440). The
/// three cannot be mistaken for one another.
/// </summary>
internal static class ForwardedCertificate
{
    private const int MaxChain = 10;

    /// <param name="values">Of the header; none, or an empty one: the client showed no certificate.</param>
    /// <param name="chain">Of the one with the certificates beside it: byte sequences, or DER one behind the other in base64.</param>
    /// <param name="proxy">Who says so.</param>
    /// <exception cref="FormatException">It is none of the three, or there are several.</exception>
    public static ShownCertificates? Read(IReadOnlyList<string?> values, IReadOnlyList<string?> chain, string proxy)
    {
        if (values.Count > 1)
            throw new FormatException("it is there more than once.");
        if (values.Count == 0 || values[0]!.Trim() is not { Length: > 0 } text)
            return null;
        var others = chain.SelectMany(Chain).ToList();
        return others.Count <= MaxChain
            ? new ShownCertificates(One(text), others) { Proxy = proxy }
            : throw new FormatException($"its chain has more than {MaxChain} certificates.");
    }

    private static ReadOnlyMemory<byte> One(string text)
    {
        byte[] der;
        if (text.StartsWith('-') || text.StartsWith('%'))
        {
            var pem = Uri.UnescapeDataString(text);
            if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "CERTIFICATE")
                throw new FormatException("it is no certificate in PEM.");
            der = Convert.FromBase64String(pem[fields.Base64Data]);
        }
        else
        {
            der = Convert.FromBase64String(text.StartsWith(':') ? Sequence(text) : text);
        }

        return Elements(der) is [var only] ? only : throw new FormatException("it is not one certificate in DER.");
    }

    private static List<ReadOnlyMemory<byte>> Chain(string? value)
    {
        var text = value!.Trim();
        return text.Length == 0 ? []
            : text.StartsWith(':')
                ? [.. text.Split(',').Select(part => (ReadOnlyMemory<byte>)Convert.FromBase64String(Sequence(part.Trim())))]
            : Elements(Convert.FromBase64String(text));
    }

    // RFC 8941 §3.3.5.
    private static string Sequence(string text) =>
        text.Length > 2 && text.EndsWith(':') ? text[1..^1] : throw new FormatException("it is no byte sequence.");

    private static List<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> octets)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        try
        {
            for (var rest = octets; !rest.IsEmpty; rest = rest[found[^1].Length..])
            {
                AsnDecoder.ReadSequence(rest.Span, AsnEncodingRules.DER, out _, out _, out var consumed);
                found.Add(rest[..consumed]);
            }
        }
        catch (AsnContentException malformed)
        {
            throw new FormatException("it is no DER.", malformed);
        }

        return found;
    }
}
