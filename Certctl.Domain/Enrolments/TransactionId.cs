using System.Text;

namespace Certctl.Domain.Enrolments;

/// <summary>
/// RFC 8894 §3.2.1.1: the client's name for one enrolment. Opaque: clients choose it freely, often the same for the same key, so it never
/// identifies a request alone. One character a byte (Latin-1), 1 to 256 of them.
/// </summary>
public readonly record struct TransactionId(string Value)
{
    public const int MaxLength = 256;

    public static TransactionId FromBytes(ReadOnlySpan<byte> bytes) => new(Encoding.Latin1.GetString(bytes));

    /// <summary>For a request that came without one: the hash of its octets, so that the same request has the same name.</summary>
    public static TransactionId Of(CertificateSigningRequest csr) => new(Convert.ToHexStringLower(csr.Sha256.Span));

    public byte[] ToBytes() => Encoding.Latin1.GetBytes(Value);

    /// <summary>For logs: control characters, which would write lines or move cursors there, as their number.</summary>
    public override string ToString() => Value.Any(char.IsControl)
        ? string.Concat(Value.Select(c => char.IsControl(c) ? $"\\x{(int)c:X2}" : c.ToString()))
        : Value;
}
