namespace Certctl.Api.Configuration;

/// <summary>The named profiles of a start, as their names stand in variables.</summary>
internal sealed record ProfileTokens(IReadOnlyList<string> Scep, IReadOnlyList<string> Est)
{
    public IEnumerable<string> Prefixes(EndpointNaming naming) => naming.Prefixes(Of(naming));

    /// <summary>That a name belongs to a profile that is not listed, as it follows the name; null: it does not.</summary>
    public string? FindUnlisted(string name)
    {
        foreach (var naming in new[] { EndpointNaming.Scep, EndpointNaming.Est })
        {
            var tokens = Of(naming);
            if (name.StartsWith(naming.ProfilePrefix, StringComparison.Ordinal)
                && !tokens.Any(token => name.StartsWith($"{naming.ProfilePrefix}{token}_", StringComparison.Ordinal)))
                return $"belongs to no profile of {naming.List} ({(tokens.Count == 0 ? "none is listed" : string.Join(", ", tokens))})";
        }

        return null;
    }

    private IReadOnlyList<string> Of(EndpointNaming naming) => naming == EndpointNaming.Est ? Est : Scep;
}
