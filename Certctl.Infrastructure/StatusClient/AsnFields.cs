using System.Formats.Asn1;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>
/// The fields of one constructed DER value, in their order. Nothing is copied. What cannot be read becomes a
/// <see cref="StatusClientException"/> that names the field.
/// </summary>
internal struct AsnFields(ReadOnlyMemory<byte> content)
{
    private const AsnEncodingRules Der = AsnEncodingRules.DER;

    private ReadOnlyMemory<byte> _rest = content;

    private delegate T Decoder<T>(ReadOnlySpan<byte> source, Asn1Tag? tag, out int consumed);

    public readonly bool IsEmpty => _rest.IsEmpty;

    public static Asn1Tag Context(int number, bool isConstructed = true) => new(TagClass.ContextSpecific, number, isConstructed);

    /// <summary>Whether the next field has this tag.</summary>
    public readonly bool NextIs(Asn1Tag tag) =>
        !_rest.IsEmpty && Asn1Tag.TryDecode(_rest.Span, out var next, out _) && next.HasSameClassAndValue(tag);

    public readonly bool NextIs(UniversalTagNumber number) => NextIs(new Asn1Tag(number));

    /// <summary>A constructed value: SEQUENCE unless a tag is given.</summary>
    public AsnFields Sequence(string what, Asn1Tag? tag = null)
    {
        var source = _rest;
        var content = Take(what, tag, static (octets, tag, out consumed) =>
        {
            AsnDecoder.ReadSequence(octets, Der, out var offset, out var length, out consumed, tag);
            return (offset, length);
        });
        return new AsnFields(source.Slice(content.offset, content.length));
    }

    /// <summary>The next field, whatever it is, with tag and length.</summary>
    public ReadOnlyMemory<byte> Encoded(string what)
    {
        var source = _rest;
        Take(what, null, static (octets, tag, out consumed) => AsnDecoder.ReadEncodedValue(octets, Der, out _, out _, out consumed));
        return source[..^_rest.Length];
    }

    /// <summary>The content octets of an INTEGER.</summary>
    public ReadOnlyMemory<byte> Integer(string what, Asn1Tag? tag = null)
    {
        var source = _rest;
        var length = Take(what, tag, static (octets, tag, out consumed) =>
            AsnDecoder.ReadIntegerBytes(octets, Der, out consumed, tag).Length);
        return Tail(source, length);
    }

    /// <summary>An INTEGER or, with the tag of that, an ENUMERATED; null when it is outside of 0 to 127.</summary>
    public int? SmallNumber(string what, UniversalTagNumber kind)
    {
        var source = _rest;
        var length = kind == UniversalTagNumber.Enumerated
            ? Take(what, null, static (octets, _, out consumed) =>
                AsnDecoder.ReadEnumeratedBytes(octets, Der, out consumed).Length)
            : Take(what, null, static (octets, _, out consumed) =>
                AsnDecoder.ReadIntegerBytes(octets, Der, out consumed).Length);
        var octets = Tail(source, length).Span;
        return octets.Length == 1 && octets[0] < 0x80 ? octets[0] : null;
    }

    public string Oid(string what) => Take(what, null, static (octets, _, out consumed) =>
        AsnDecoder.ReadObjectIdentifier(octets, Der, out consumed));

    public bool Boolean(string what, Asn1Tag? tag = null) =>
        Take(what, tag, static (octets, tag, out consumed) => AsnDecoder.ReadBoolean(octets, Der, out consumed, tag));

    public ReadOnlyMemory<byte> Octets(string what, Asn1Tag? tag = null)
    {
        var source = _rest;
        var length = Take(what, tag, static (octets, tag, out consumed) =>
            AsnDecoder.TryReadPrimitiveOctetString(octets, Der, out var value, out consumed, tag) ? value.Length : throw NotPrimitive());
        return Tail(source, length);
    }

    /// <summary>A BIT STRING of whole octets.</summary>
    public ReadOnlyMemory<byte> Bits(string what)
    {
        var source = _rest;
        var length = Take(what, null, static (octets, _, out consumed) =>
            AsnDecoder.TryReadPrimitiveBitString(octets, Der, out var unused, out var value, out consumed) && unused == 0
                ? value.Length
                : throw NotPrimitive());
        return Tail(source, length);
    }

    /// <summary>UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5), with seconds, in UTC, without fractions.</summary>
    /// <param name="isGeneralized">Whether it was a GeneralizedTime.</param>
    public DateTimeOffset Time(string what, out bool isGeneralized)
    {
        isGeneralized = !NextIs(UniversalTagNumber.UtcTime);
        return isGeneralized
            ? GeneralizedTime(what)
            : Take(what, null, static (octets, _, out consumed) =>
                AsnDecoder.ReadUtcTime(octets, Der, out consumed, twoDigitYearMax: 2049));
    }

    public DateTimeOffset GeneralizedTime(string what, Asn1Tag? tag = null)
    {
        var time = Take(what, tag, static (octets, tag, out consumed) =>
            AsnDecoder.ReadGeneralizedTime(octets, Der, out consumed, tag));

        // RFC 5280 §4.1.2.5.2: no fractions of a second.
        return time.Ticks % TimeSpan.TicksPerSecond == 0
            ? time
            : throw StatusClientException.Unusable($"{what} cannot be read: it has fractions of a second.");
    }

    /// <summary>Passes over NULL.</summary>
    public void Null(string what, Asn1Tag? tag = null) => Take(what, tag, static (octets, tag, out consumed) =>
    {
        AsnDecoder.ReadNull(octets, Der, out consumed, tag);
        return 0;
    });

    /// <summary>Nothing may follow.</summary>
    public readonly void End(string what)
    {
        if (!_rest.IsEmpty)
            throw StatusClientException.Unusable($"{what} cannot be read: {_rest.Length} octets more than it should have follow.");
    }

    private T Take<T>(string what, Asn1Tag? tag, Decoder<T> decode)
    {
        try
        {
            var value = decode(_rest.Span, tag, out var consumed);
            _rest = _rest[consumed..];
            return value;
        }
        catch (AsnContentException trouble)
        {
            throw StatusClientException.Unusable($"{what} cannot be read: {(_rest.IsEmpty ? "it is missing." : trouble.Message)}", trouble);
        }
    }

    // Of a primitive value that was taken from the front of the source, its content is at the end.
    private readonly ReadOnlyMemory<byte> Tail(ReadOnlyMemory<byte> source, int length) => source[..^_rest.Length][^length..];

    private static AsnContentException NotPrimitive() => new("The value is not a primitive string of whole octets.");
}
