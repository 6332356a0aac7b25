using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>
/// The name of one CA in the paths of publication. An issuer id alone (<c>iss-local</c>) names the generation that issues now; with the
/// first 16 hex digits of its key identifier (<c>iss-local-0123456789abcdef</c>) it names one generation for good, and that stands in
/// certificates.
/// </summary>
public static class IssuerNames
{
    private const int KeyDigits = 16;

    /// <summary>The name that stands in certificates.</summary>
    public static string Of(IPublishesStatus issuer) => Of(issuer.IssuerId, issuer.KeyId);

    /// <param name="keyId">As <see cref="IPublishesStatus.KeyId"/>.</param>
    public static string Of(string issuerId, string keyId) => $"{issuerId}-{keyId[..Math.Min(KeyDigits, keyId.Length)]}";

    /// <summary>The CA of a path; null: there is none of this name here, or its status is not published here.</summary>
    public static IPublishesStatus? Find(IssuerRegistry registry, string name) =>
        registry.Find(name)?.Current as IPublishesStatus
        ?? registry.All.SelectMany(issuer => issuer.All).OfType<IPublishesStatus>().FirstOrDefault(issuer => Of(issuer) == name);
}
