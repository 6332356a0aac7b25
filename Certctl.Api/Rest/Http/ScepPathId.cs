namespace Certctl.Api.Rest.Http;

/// <summary>How requests name a SCEP profile.</summary>
internal static class ScepPathId
{
    /// <summary>The root profile in words: no PathID has parentheses. Where an empty value would do much, it alone is taken.</summary>
    public const string Root = "(root)";

    /// <summary>The PathID, which is empty for the root profile.</summary>
    public static string Of(string text) => text == Root ? "" : text;
}
