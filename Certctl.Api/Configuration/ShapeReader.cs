using Certctl.Application.Scep;

namespace Certctl.Api.Configuration;

/// <summary>The words for shapes, and what holds where they are not set.</summary>
internal static class ShapeReader
{
    public static readonly IReadOnlyDictionary<string, CaCertificateShape> CaCertificateShapes = new Dictionary<string, CaCertificateShape>(StringComparer.OrdinalIgnoreCase)
    {
        ["ra+chain"] = CaCertificateShape.RaAndChain,
        ["ra+issuer"] = CaCertificateShape.RaAndIssuer,
        ["chain"] = CaCertificateShape.Chain,
        ["issuer"] = CaCertificateShape.Issuer,
    };

    public static readonly IReadOnlyDictionary<string, ReplyChain> ReplyChains = new Dictionary<string, ReplyChain>(StringComparer.OrdinalIgnoreCase)
    {
        ["leaf"] = ReplyChain.Leaf,
        ["leaf+issuer"] = ReplyChain.LeafAndIssuer,
        ["chain"] = ReplyChain.Chain,
    };

    private static readonly IReadOnlyDictionary<string, ClientPreset> Presets = ClientPreset.All.ToDictionary(preset => preset.Name, StringComparer.OrdinalIgnoreCase);

    public static ClientPreset Preset(string name, SettingValues values) => Read(name, Presets, ClientPreset.Default, values);

    public static CaCertificateShape CaCertificates(string name, CaCertificateShape otherwise, SettingValues values) => Read(name, CaCertificateShapes, otherwise, values);

    public static ReplyChain Reply(string name, ReplyChain otherwise, SettingValues values) => Read(name, ReplyChains, otherwise, values);

    private static T Read<T>(string name, IReadOnlyDictionary<string, T> words, T otherwise, SettingValues values)
    {
        if (values.Text(name) is not { } text)
            return otherwise;
        if (words.TryGetValue(text.Trim(), out var known))
            return known;
        values.Reject(name, text, $"one of {string.Join(", ", words.Keys)}");
        return otherwise;
    }
}
