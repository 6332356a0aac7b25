using System.Security.Cryptography;
using System.Text;

namespace Certctl.Domain.Enrolments;

/// <summary>
/// A value that must never be printed: a challenge password, an API key, a passphrase. It prints as <c>[secret]</c> wherever a record or a
/// log would print it, and compares in time that depends on neither the position of the first difference nor the length of the expected
/// value.
/// </summary>
public sealed class Secret
{
    // A fresh key each process: the digests are for comparison only and mean nothing outside it.
    private static readonly byte[] CompareKey = RandomNumberGenerator.GetBytes(32);

    private readonly string _text;
    private readonly byte[] _digest;

    /// <param name="text">The clear text; compared as its UTF-8 bytes, nothing trimmed.</param>
    public Secret(string text)
    {
        _text = text;
        _digest = Digest(text);
    }

    /// <summary>Number of UTF-16 units, for strength checks at start.</summary>
    public int Length => _text.Length;

    public bool IsEmpty => _text.Length == 0;

    /// <summary>True when both hold the same text; constant-time in the content of either.</summary>
    public bool Matches(Secret presented) => CryptographicOperations.FixedTimeEquals(_digest, presented._digest);

    /// <summary>The clear text, for the few places that must hand it on (a key file's decryption, quickstart.env).</summary>
    public string Reveal() => _text;

    public override string ToString() => "[secret]";

    private static byte[] Digest(string text) => HMACSHA256.HashData(CompareKey, Encoding.UTF8.GetBytes(text));
}
