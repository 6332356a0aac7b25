using System.Text.Json;

namespace Certctl.Api.Rest.Http;

/// <summary>Strings of JSON, which may hold what no string may: half of a surrogate pair.</summary>
internal static class JsonText
{
    /// <summary>Null: it is no text.</summary>
    public static string? Of(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <inheritdoc cref="Of"/>
    public static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
