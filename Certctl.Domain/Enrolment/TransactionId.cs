using System.Text;

namespace Certctl.Domain.Enrolment;

/// <summary>
/// RFC 8894 §3.2.1.1: the client's name for one enrolment. Opaque: clients choose it freely, often the same for the same key, so it never
/// identifies a request alone. One character a byte (Latin-1), 1 to 256 of them.
/// </summary>
public readonly record struct TransactionId(string Value)
{
    public const int MaxLength = 256;

    public static TransactionId FromBytes(ReadOnlySpan<byte> bytes) => new(Encoding.Latin1.GetString(bytes));

    public byte[] ToBytes() => Encoding.Latin1.GetBytes(Value);

    public override string ToString() => Value;
}
