namespace Certctl.Application.Publication;

/// <summary>The URLs in the certificates of one CA, by which relying parties find CRL, OCSP responder and CA certificate.</summary>
/// <param name="Crls">cRLDistributionPoints (RFC 5280 §4.2.1.13); empty: none.</param>
/// <param name="Ocsp">AIA OCSP responder (RFC 5280 §4.2.2.1); null: none.</param>
/// <param name="CaIssuers">AIA caIssuers; null: none.</param>
public sealed record StatusUrls(IReadOnlyList<string> Crls, string? Ocsp, string? CaIssuers)
{
    /// <summary>The delta CRL to <see cref="Crls"/>: freshestCRL (RFC 5280 §4.2.1.15); null: none.</summary>
    public string? Freshest { get; init; }

    /// <summary>Where publication is served, on each listener.</summary>
    public const string Root = "/.well-known/pki";

    /// <summary>The same, and where one is not set that of this server.</summary>
    /// <param name="baseUrl">Without a slash at the end; null: it is not known.</param>
    /// <param name="name">As <see cref="IssuerNames.Of(string, string)"/>.</param>
    /// <param name="signsCrls">False: the CA has no CRL to point to.</param>
    public StatusUrls OrOwn(string? baseUrl, string name, bool signsCrls) => baseUrl is null ? this : new StatusUrls(
        Crls.Count > 0 || !signsCrls ? Crls : [$"{baseUrl}{Root}/crl/{name}.crl"],
        Ocsp ?? $"{baseUrl}{Root}/ocsp/{name}",
        CaIssuers ?? $"{baseUrl}{Root}/ca/{name}.cer")
    { Freshest = Freshest };

    /// <summary>The same with the delta CRL of this server, where its complete CRL has an URL.</summary>
    /// <param name="baseUrl">As for <see cref="OrOwn"/>.</param>
    public StatusUrls WithDelta(string? baseUrl, string name) =>
        baseUrl is null || Crls.Count == 0 ? this : this with { Freshest = $"{baseUrl}{Root}/delta/{name}.crl" };
}
