using System.Text.Json;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Rest.Http;

/// <summary>Revocation reasons as the API writes them: upstream's words, which are RFC 5280's but for one.</summary>
internal static class RevocationReasons
{
    // RFC 5280 §5.3.1 writes cACompromise; upstream answers caCompromise, and so does this server.
    private const string RfcCaCompromise = "cACompromise";

    private static readonly Dictionary<string, RevocationReason> Known = Enum.GetValues<RevocationReason>().ToDictionary(Word)
        .Append(new(RfcCaCompromise, RevocationReason.CaCompromise))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>All that are taken.</summary>
    public static IReadOnlyList<string> All => [.. Known.Keys];

    public static string Word(RevocationReason reason) => JsonNamingPolicy.CamelCase.ConvertName($"{reason}");

    /// <param name="word">One of <see cref="All"/>; null: unspecified.</param>
    public static RevocationReason Of(string? word) => word is null ? RevocationReason.Unspecified : Known[word];
}
