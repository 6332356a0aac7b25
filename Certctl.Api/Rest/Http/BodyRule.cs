using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Certctl.Api.Rest.Http;

/// <summary>What an object in a request may hold: its members by name, and nothing else.</summary>
internal sealed record BodyRule(IReadOnlyDictionary<string, BodyMember> Members)
{
    private static readonly ConcurrentDictionary<Type, BodyRule> Known = [];

    /// <summary>From the properties of a record and their <see cref="FieldAttribute"/>s.</summary>
    public static BodyRule Of(Type type) => Known.GetOrAdd(type, static key => new BodyRule(
        ApiJson.Options.GetTypeInfo(key).Properties.ToDictionary(property => property.Name, BodyMember.Of, StringComparer.Ordinal)));

    /// <summary>Everything that is wrong with a body, by member; empty: nothing.</summary>
    public Dictionary<string, string[]> Check(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
            return new(StringComparer.Ordinal) { ["body"] = ["must be a JSON object"] };
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in body.EnumerateObject())
        {
            if (JsonText.NameOf(member) is not { } name)
                errors["body"] = ["must not have a member whose name holds half of a surrogate pair"];
            else if (FindProblem(name, member.Value, isFirst: given.Add(name)) is { } problem)
                errors[name] = [problem];
        }

        foreach (var (name, member) in Members.Where(member => member.Value.IsRequired && !given.Contains(member.Key)))
            errors[name] = [member.Required];
        return errors;
    }

    private string? FindProblem(string name, JsonElement value, bool isFirst)
    {
        if (!Members.TryGetValue(name, out var member))
            return $"is not known; known are {string.Join(", ", Members.Keys)}";
        if (!isFirst)
            return "must be given once";
        if (value.ValueKind != JsonValueKind.Null)
            return member.Rule.FindProblem(value);
        if (member.IsRequired)
            return member.Required;
        return member.IsNullable ? null : "must not be null; leave it out for its default";
    }
}

/// <param name="IsNullable">Null is the same as its absence.</param>
internal sealed record BodyMember(ValueRule Rule, bool IsRequired, bool IsNullable, bool IsReadOnly)
{
    /// <summary>What is said where it is missing.</summary>
    public string Required => Rule.Words is { } words ? $"is required: one of {string.Join(", ", words)}" : "is required";

    public static BodyMember Of(JsonPropertyInfo property)
    {
        var field = property.AttributeProvider?.GetCustomAttributes(typeof(FieldAttribute), inherit: false).OfType<FieldAttribute>()
            .SingleOrDefault();
        var rule = RuleOf(property.PropertyType);
        return new BodyMember(field?.ApplyTo(rule) ?? rule, field?.Required == true, IsNullableMember(property), field?.ReadOnly == true);
    }

    private static bool IsNullableMember(JsonPropertyInfo property) => property.PropertyType.IsValueType
        ? Nullable.GetUnderlyingType(property.PropertyType) is not null
        : new NullabilityInfoContext().Create((PropertyInfo)property.AttributeProvider!).ReadState == NullabilityState.Nullable;

    private static ValueRule RuleOf(Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value.IsEnum)
            return new ValueRule(JsonKind.String) { Words = [.. Enum.GetNames(value).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)] };
        if (value == typeof(string))
            return new ValueRule(JsonKind.String);
        if (value == typeof(int) || value == typeof(long))
            return new ValueRule(JsonKind.Integer);
        if (value == typeof(bool))
            return new ValueRule(JsonKind.Boolean);
        if (value == typeof(DateTimeOffset) || value == typeof(DateTime))
            return ValueRule.Time;
        if (value.IsGenericType && value.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return new ValueRule(JsonKind.Array) { Items = RuleOf(value.GetGenericArguments()[0]) };
        return new ValueRule(JsonKind.Object) { Members = BodyRule.Of(value) };
    }
}
