using System.Security.Cryptography;
using System.Text;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>The content encryption of our messages.</summary>
public enum ScepCipher
{
    Aes128,
    Aes192,
    Aes256,
    Des3,
}

/// <summary>
/// What GetCACaps answered (RFC 8894 §3.5.2). The answer is not authenticated:
/// it chooses among algorithms that we accept anyway and weakens no check.
/// </summary>
public sealed class ServerCapabilities
{
    private readonly HashSet<string> _known;

    private ServerCapabilities(IReadOnlyList<string> lines)
    {
        Lines = lines;
        _known = new HashSet<string>(lines, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The keywords as sent, in the server's order.</summary>
    public IReadOnlyList<string> Lines { get; }

    public bool IsScepStandard => _known.Contains("SCEPStandard");

    // RFC 8894 §3.5.2: SCEPStandard stands for AES, SHA-256 and POSTPKIOperation, all mandatory to implement (§2.9).
    public bool Aes => IsScepStandard || _known.Contains("AES");

    public bool Post => IsScepStandard || _known.Contains("POSTPKIOperation");

    public bool Sha256 => IsScepStandard || _known.Contains("SHA-256");

    public bool Sha384 => _known.Contains("SHA-384");

    public bool Sha512 => _known.Contains("SHA-512");

    public bool Sha1 => _known.Contains("SHA-1");

    public bool Des3 => _known.Contains("DES3");

    public bool Renewal => _known.Contains("Renewal");

    public bool NextCa => _known.Contains("GetNextCACert");

    /// <summary>One keyword a line, LF or CRLF; anything that is no keyword is left out.</summary>
    public static ServerCapabilities Parse(ReadOnlySpan<byte> body) => new(
    [
        .. Encoding.Latin1.GetString(body).Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.Length is > 0 and <= 64 && line.All(c => c is > ' ' and < '\x7f'))
            .Take(64),
    ]);

    /// <summary>AES-128 unless the server knows nothing but triple DES.</summary>
    public ScepCipher BestCipher => !Aes && Des3 ? ScepCipher.Des3 : ScepCipher.Aes128;

    /// <summary>SHA-256 where it may be; else a stronger one; SHA-1 only for a server that lists it and nothing better.</summary>
    public HashAlgorithmName BestDigest => this switch
    {
        { Sha256: true } => HashAlgorithmName.SHA256,
        { Sha512: true } => HashAlgorithmName.SHA512,
        { Sha384: true } => HashAlgorithmName.SHA384,
        { Sha1: true } => HashAlgorithmName.SHA1,
        _ => HashAlgorithmName.SHA256,
    };

    public bool Lists(ScepCipher cipher) => cipher == ScepCipher.Des3 ? Des3 : Aes;

    public bool Lists(HashAlgorithmName digest) => digest.Name switch
    {
        "SHA256" => Sha256,
        "SHA384" => Sha384,
        "SHA512" => Sha512,
        "SHA1" => Sha1,
        _ => false,
    };

    /// <summary>What is missing for a client of today; empty for an RFC 8894 server.</summary>
    public IEnumerable<string> Gaps()
    {
        if (!IsScepStandard)
            yield return "SCEPStandard is not listed: the server does not claim to be RFC 8894";
        if (!Aes)
            yield return "AES is not listed: messages would be encrypted with triple DES or worse";
        if (!Sha256 && !Sha384 && !Sha512)
            yield return "no SHA-2 digest is listed";
        if (!Post)
            yield return "POSTPKIOperation is not listed: requests must travel in the query of a GET, which proxies cut";
        if (!Renewal)
            yield return "Renewal is not listed: renewing with the old certificate may be refused";
        foreach (var weak in Lines.Where(line => line.ToUpperInvariant() is "MD5" or "DES"))
            yield return $"{weak} is listed: it is broken and must not be offered (RFC 8894 §7.5)";
    }
}
