namespace Certctl.Api.Rest.Http;

/// <summary>
/// What a member of a request's body may be, beside its type: checked when the body is read, and written into the OpenAPI document. Members
/// without it have the rule of their type alone.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FieldAttribute : Attribute
{
    public bool Required { get; init; }

    /// <summary>Of an integer.</summary>
    public long Min { get; init; } = long.MinValue;

    public long Max { get; init; } = long.MaxValue;

    /// <summary>Characters of a string, values of an array.</summary>
    public int MinLength { get; init; }

    public int MaxLength { get; init; } = int.MaxValue;

    /// <summary>Regular expression of the whole string, or of each value of an array of strings.</summary>
    public string? Pattern { get; init; }

    /// <summary>The pattern in words, after "must be".</summary>
    public string? PatternInWords { get; init; }

    /// <summary>The only values of a string, or of each value of an array of strings.</summary>
    public Words Words { get; init; }

    /// <summary>Characters of each value of an array of strings.</summary>
    public int MinItemLength { get; init; }

    public int MaxItemLength { get; init; } = int.MaxValue;

    /// <summary>Only the server sets it: a client may send back what it read, and it is ignored.</summary>
    public bool ReadOnly { get; init; }

    public ValueRule ApplyTo(ValueRule rule) => rule.Items is { Type: JsonKind.String } items
        ? WithLength(rule) with { Items = WithText(items) with { MinLength = Set(MinItemLength), MaxLength = Set(MaxItemLength) } }
        : WithText(WithLength(rule)) with { Min = Min == long.MinValue ? null : Min, Max = Max == long.MaxValue ? null : Max };

    private ValueRule WithLength(ValueRule rule) => rule with { MinLength = Set(MinLength), MaxLength = Set(MaxLength) };

    private ValueRule WithText(ValueRule rule) =>
        rule with { Pattern = Pattern, PatternInWords = PatternInWords, Words = Vocabulary.Of(Words) ?? rule.Words };

    private static int? Set(int length) => length is 0 or int.MaxValue ? null : length;
}

/// <summary>A body of requests: members that it does not have are refused, and the OpenAPI document says so.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RequestBodyAttribute : Attribute;
