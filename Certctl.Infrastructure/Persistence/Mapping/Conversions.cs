using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Certctl.Infrastructure.Persistence.Mapping;

/// <summary>How values stand in the database; the model and the journal's own statements use the same words.</summary>
internal static class Stored
{
    private static readonly JsonSerializerOptions RuleJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly JsonSerializerOptions ContentJson = new(RuleJson)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>
    /// Requesters choose their names: NUL (PostgreSQL refuses it) and lone surrogates (no UTF-8) become U+FFFD, so that no request can make
    /// its own audit row fail.
    /// </summary>
    public static string Text(string value)
    {
        if (!value.Contains('\0') && !value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return value;
        var text = new System.Text.StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
            text.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        return text.ToString();
    }

    public static string? TextOrNull(string? value) => value is null ? null : Text(value);

    /// <summary>Latin-1 has no U+FFFD, so the NUL of a transaction id comes back.</summary>
    public static TransactionId TransactionId(string value) => new(value.Replace('\uFFFD', '\0'));

    public static string List(IReadOnlyList<string> values) => values.Count == 0 ? "[]" : JsonSerializer.Serialize(values.Select(Text));

    public static IReadOnlyList<string> List(string json) => JsonSerializer.Deserialize<string[]>(json) ?? [];

    public static string Rules(IReadOnlyList<KeyAlgorithmRule> rules) =>
        JsonSerializer.Serialize(rules.Select(rule => new RuleRow(Name(rule.Algorithm), rule.MinSize)), RuleJson);

    public static IReadOnlyList<KeyAlgorithmRule> Rules(string json) =>
        [.. (JsonSerializer.Deserialize<RuleRow[]>(json, RuleJson) ?? [])
            .Select(row => new KeyAlgorithmRule(Algorithm(row.Algorithm), row.MinSize))];

    /// <summary>What this version does not know was meant to restrict or to permit something: it is not ignored.</summary>
    public static ContentRules Content(string json) => JsonSerializer.Deserialize<ContentRules>(json, ContentJson) ?? ContentRules.Default;

    /// <summary>Only what differs from the defaults, in the order of the type: equal rules are equal text.</summary>
    public static string Content(ContentRules rules)
    {
        var defaults = JsonSerializer.SerializeToNode(ContentRules.Default, ContentJson)!.AsObject();
        var all = JsonSerializer.SerializeToNode(rules, ContentJson)!.AsObject();
        foreach (var (name, value) in all.ToList())
        {
            if (JsonNode.DeepEquals(value, defaults[name]))
                all.Remove(name);
        }

        return all.ToJsonString(ContentJson);
    }

    /// <summary>UTC in whole microseconds, PostgreSQL's grain; SQLite keeps the same so that both answer alike.</summary>
    public static DateTimeOffset Time(DateTimeOffset value) =>
        new(value.UtcTicks - (value.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static long UnixMicroseconds(DateTimeOffset value) =>
        (value.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromUnixMicroseconds(long value) =>
        DateTimeOffset.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond);

    private static string Name(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.Rsa => "RSA",
        KeyAlgorithm.Ecdsa => "ECDSA",
        KeyAlgorithm.Ed25519 => "Ed25519",
        KeyAlgorithm.Other => "other",
    };

    private static KeyAlgorithm Algorithm(string name) => name switch
    {
        "RSA" => KeyAlgorithm.Rsa,
        "ECDSA" => KeyAlgorithm.Ecdsa,
        "Ed25519" => KeyAlgorithm.Ed25519,
        _ => KeyAlgorithm.Other,
    };

    private sealed record RuleRow(string Algorithm, [property: JsonPropertyName("min_size")] int MinSize);
}

internal sealed class TextConverter() : ValueConverter<string, string>(value => Stored.Text(value), value => value);

// Null is the text of default(TransactionId), which EF converts when it writes the compiled model.
internal sealed class TransactionIdConverter()
    : ValueConverter<TransactionId, string>(value => Stored.Text(value.Value ?? ""), value => Stored.TransactionId(value));

internal sealed class TextListConverter()
    : ValueConverter<IReadOnlyList<string>, string>(values => Stored.List(values), json => Stored.List(json));

internal sealed class TextListComparer() : ValueComparer<IReadOnlyList<string>>(
    (a, b) => ReferenceEquals(a, b) || (a != null && b != null && a.SequenceEqual(b)),
    values => values.Aggregate(0, (hash, value) => HashCode.Combine(hash, value)),
    values => values.ToArray());

internal sealed class KeyAlgorithmRulesConverter()
    : ValueConverter<IReadOnlyList<KeyAlgorithmRule>, string>(rules => Stored.Rules(rules), json => Stored.Rules(json));

internal sealed class KeyAlgorithmRulesComparer() : ValueComparer<IReadOnlyList<KeyAlgorithmRule>>(
    (a, b) => ReferenceEquals(a, b) || (a != null && b != null && a.SequenceEqual(b)),
    rules => rules.Aggregate(0, (hash, rule) => HashCode.Combine(hash, rule)),
    rules => rules.ToArray());

internal sealed class ContentRulesConverter()
    : ValueConverter<ContentRules, string>(rules => Stored.Content(rules), json => Stored.Content(json));

internal sealed class ContentRulesComparer() : ValueComparer<ContentRules>(
    (a, b) => ReferenceEquals(a, b) || (a != null && b != null && Stored.Content(a) == Stored.Content(b)),
    rules => Stored.Content(rules).GetHashCode(StringComparison.Ordinal),
    rules => rules);

internal sealed class UtcMicrosecondsConverter()
    : ValueConverter<DateTimeOffset, DateTimeOffset>(value => Stored.Time(value), value => value);

internal sealed class UnixMicrosecondsConverter()
    : ValueConverter<DateTimeOffset, long>(value => Stored.UnixMicroseconds(value), value => Stored.FromUnixMicroseconds(value));
