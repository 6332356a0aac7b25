using System.Globalization;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>
/// The enrolment name-value pairs of a request ([MS-WCCE] §2.2.2.7.10), as far as they ask for a validity. They are wishes: what cannot be
/// read is none, and never a defect of the request.
/// </summary>
internal sealed class EnrolmentNameValues
{
    public const string Oid = "1.3.6.1.4.1.311.13.2.1";

    private const int MaxNumberDigits = 9;

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);
    private bool _contradicts;

    /// <summary>What the pairs ask for; null when they ask for nothing, or for two things.</summary>
    public RequestedValidity? Validity
    {
        get
        {
            var end = ReadEnd(_values.GetValueOrDefault("ExpirationDate"));
            var period = ReadPeriod(_values.GetValueOrDefault("ValidityPeriodUnits"), _values.GetValueOrDefault("ValidityPeriod"))
                // Compat: the two are swapped in requests of Intune's Android agents.
                ?? ReadPeriod(_values.GetValueOrDefault("ValidityPeriod"), _values.GetValueOrDefault("ValidityPeriodUnits"));
            return _contradicts || (end is null && period is null)
                ? null
                : new RequestedValidity(period?.Number, period?.Unit ?? default, end);
        }
    }

    /// <summary>Takes one value of the attribute: a pair, or a SEQUENCE of pairs.</summary>
    public void Add(ReadOnlyMemory<byte> der)
    {
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var fields))
            return;
        if (fields.PeekTag != DerTag.Sequence)
        {
            AddPair(fields);
            return;
        }

        while (fields.TryEnter(DerTag.Sequence, out var pair))
            AddPair(pair);
    }

    // [MS-WCCE] §2.2.2.7.10: both are BMPStrings. Compat: any string type.
    private void AddPair(DerReader pair)
    {
        if (!pair.TryReadAny(out var nameTag, out var nameOctets, out _)
            || !pair.TryReadAny(out var valueTag, out var valueOctets, out _)
            || !pair.AtEnd
            || !DerText.TryDecode(nameTag, nameOctets.Span, out var name)
            || !DerText.TryDecode(valueTag, valueOctets.Span, out var value))
            return;
        // Two values would let two readers see two wishes.
        if (!_values.TryAdd(name.Trim(), value.Trim()) && _values[name.Trim()] != value.Trim())
            _contradicts = true;
    }

    // Zero is Windows' word for "the server's default".
    private static (int Number, ValidityUnit Unit)? ReadPeriod(string? number, string? unit) =>
        number is { Length: > 0 and <= MaxNumberDigits }
        && number.All(char.IsAsciiDigit)
        && int.Parse(number, CultureInfo.InvariantCulture) is > 0 and var count
        && unit is not null
        && unit.All(char.IsAsciiLetter)
        && Enum.TryParse<ValidityUnit>(unit, ignoreCase: true, out var known)
            ? (count, known)
            : null;

    // RFC 2616 §3.3.1, in the form that every sender must write.
    private static DateTimeOffset? ReadEnd(string? text) =>
        DateTimeOffset.TryParseExact(text, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end) ? end : null;
}
