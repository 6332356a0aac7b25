using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;

namespace Certctl.Api.Publication;

/// <summary>Octets that many are sent. They are held once, and sent from there piece by piece.</summary>
/// <param name="Octets">What was hashed: the body, or the DER below its PEM.</param>
/// <param name="PemLabel">Null: they are sent as they are.</param>
internal sealed record PublishedFile(string ContentType, ReadOnlyMemory<byte> Octets, CacheTerms Terms, string? PemLabel = null)
{
    public long Length => PemLabel is null ? Octets.Length : PemText.LengthOf(PemLabel, Octets.Length);

    public IEnumerable<ReadOnlyMemory<byte>> Pieces => PemLabel is null ? Slices(Octets) : PemText.PiecesOf(PemLabel, Octets);

    // As large as the server's buffer of an answer: it copies what it is given, and must never be given all.
    private static IEnumerable<ReadOnlyMemory<byte>> Slices(ReadOnlyMemory<byte> octets)
    {
        const int Piece = 64 * 1024;
        for (var at = 0; at < octets.Length; at += Piece)
            yield return octets[at..Math.Min(at + Piece, octets.Length)];
    }
}

/// <summary>A CRL in its two forms. Made once for each list: tens of megabytes are hashed.</summary>
internal sealed class CrlFiles(PublishedCrl crl)
{
    private readonly CacheTerms _terms = new(CacheTerms.TagOf(crl.Der), crl.ThisUpdate, crl.NextUpdate);

    // RFC 2585 §4.2.
    public PublishedFile Der => new("application/pkix-crl", crl.Der, _terms);

    public PublishedFile Pem => new("application/x-pem-file", crl.Der, _terms, "X509 CRL");
}

/// <summary>The certificate of a CA, alone and with its issuers, in every form. Made once for each generation.</summary>
internal sealed class CaFiles
{
    /// <param name="certificatesOnly">Writes a certs-only SignedData.</param>
    public CaFiles(ICertificateIssuer issuer, Func<IReadOnlyList<ReadOnlyMemory<byte>>, byte[]> certificatesOnly)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(issuer.Chain[0].Span);
        DateTimeOffset since = certificate.NotBefore.ToUniversalTime();

        // RFC 2585 §4.1.
        Certificate = Of("application/pkix-cert", issuer.Chain[0]);
        Pem = Of("application/pem-certificate-chain", System.Text.Encoding.ASCII.GetBytes(string.Concat(issuer.Chain.Select(
            der => System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n"))));

        // RFC 5280 §4.2.2.1: a "certs-only" CMS message.
        Bag = Of("application/pkcs7-mime", certificatesOnly(issuer.Chain));

        PublishedFile Of(string contentType, ReadOnlyMemory<byte> octets) =>
            new(contentType, octets, new CacheTerms(CacheTerms.TagOf(octets.Span), since, issuer.NotAfter));
    }

    public PublishedFile Certificate { get; }

    public PublishedFile Pem { get; }

    public PublishedFile Bag { get; }
}

/// <summary>PEM (RFC 7468) of octets that are too many to hold a second time.</summary>
internal static class PemText
{
    // RFC 7468 §2: lines of 64 characters, which are 48 octets.
    private const int LineOctets = 48;
    private const int LineCharacters = 64;
    private const int Lines = 512;

    public static long LengthOf(string label, long octets)
    {
        var characters = (octets + 2) / 3 * 4;
        var lines = (characters + LineCharacters - 1) / LineCharacters;
        return First(label).Length + characters + lines + Last(label).Length;
    }

    public static IEnumerable<ReadOnlyMemory<byte>> PiecesOf(string label, ReadOnlyMemory<byte> octets)
    {
        yield return First(label);

        // One buffer: a piece has been sent when the next one is asked for.
        var buffer = new byte[Lines * (LineCharacters + 1)];
        for (var at = 0; at < octets.Length; at += Lines * LineOctets)
            yield return buffer.AsMemory(0, Encode(octets.Span[at..Math.Min(at + (Lines * LineOctets), octets.Length)], buffer));
        yield return Last(label);
    }

    private static int Encode(ReadOnlySpan<byte> octets, Span<byte> buffer)
    {
        var length = 0;
        for (; octets.Length > 0; octets = octets[Math.Min(LineOctets, octets.Length)..])
        {
            Base64.EncodeToUtf8(octets[..Math.Min(LineOctets, octets.Length)], buffer[length..], out _, out var written);
            length += written;
            buffer[length++] = (byte)'\n';
        }

        return length;
    }

    private static byte[] First(string label) => System.Text.Encoding.ASCII.GetBytes($"-----BEGIN {label}-----\n");

    private static byte[] Last(string label) => System.Text.Encoding.ASCII.GetBytes($"-----END {label}-----\n");
}
