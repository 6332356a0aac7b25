using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>
/// What the schema of a type says beside its members: examples, what is required, and the rules by which bodies are checked.
/// </summary>
internal static class SchemaOfType
{
    public static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (context.JsonPropertyInfo is null && Examples.Of(type) is { } example)
            schema.Examples = [example];
        if (context.JsonPropertyInfo is { } member && IsRequestBody(member.DeclaringType))
            Describe(schema, BodyMember.Of(member));
        if (context.JsonTypeInfo.Kind != JsonTypeInfoKind.Object || !IsOurs(type))
            return Task.CompletedTask;
        if (IsRequestBody(type))
        {
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = BodyRule.Of(type).Members.Where(rule => rule.Value.IsRequired).Select(rule => rule.Key).ToHashSet();
        }
        else
        {
            // Answers have all their members, null where there is nothing, but for those that say otherwise.
            schema.Required = context.JsonTypeInfo.Properties.Where(
                property => property.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), inherit: false) != true)
                .Select(property => property.Name).ToHashSet();
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// The same for members whose type has a schema of its own, which the generator wraps in a choice with null only after the members were
    /// described.
    /// </summary>
    public static void RemoveNull(OpenApiDocument document)
    {
        foreach (
            var body in document.Components!.Schemas!.Values.OfType<OpenApiSchema>().Where(schema => !schema.AdditionalPropertiesAllowed))
        {
            foreach (var (name, member) in body.Properties!.ToList())
            {
                if (member.OneOf is { Count: > 0 } choice)
                    body.Properties![name] = choice.Single(one => one.Type != JsonSchemaType.Null);
            }
        }
    }

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("Certctl.", StringComparison.Ordinal) == true;

    private static bool IsRequestBody(Type type) => type.IsDefined(typeof(RequestBodyAttribute), inherit: false);

    // A client leaves out what it does not want to say; that null means the same needs no place in its types.
    private static void Describe(OpenApiSchema schema, BodyMember member)
    {
        schema.Type &= ~JsonSchemaType.Null;
        schema.ReadOnly = member.IsReadOnly;
        member.Rule.Describe(schema);
    }
}
