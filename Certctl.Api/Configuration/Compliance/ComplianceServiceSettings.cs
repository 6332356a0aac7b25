using System.Diagnostics.CodeAnalysis;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Compliance;

/// <summary>Who is asked whether a device may have a certificate today. Exactly one of token and client certificate is set.</summary>
/// <param name="Url">https.</param>
/// <param name="CaPath">PEM file with the roots of the service's certificate; null: those of this machine.</param>
public sealed record ComplianceOptions(
    Uri Url, Secret? BearerToken, ClientPairPaths? ClientCertificate, string? CaPath, TimeSpan Timeout, ComplianceOnError OnError);

public sealed record ClientPairPaths(string CertPath, string KeyPath);

/// <summary>The compliance service of a SCEP or EST profile: named with a URL and one way to authenticate, or not at all.</summary>
internal static class ComplianceServiceSettings
{
    // Beside a problem alone: nothing starts with it.
    private static readonly Uri Invalid = new("https://invalid");

    private static readonly SettingType<Uri> Service = new("an absolute https URL", "https URL", ParseUrl, url => url.OriginalString);

    public static readonly SettingGroup Group = new(isOfProfile: true, EndpointNaming.Scep, EndpointNaming.Est);

    public static readonly Setting<Uri> Url = Group.Add(
        "COMPLIANCE_URL", Service, "A service that is asked before each certificate whether the device is compliant (docs/compliance.md).");

    public static readonly SecretSetting BearerToken = Group.AddSecret(
        "COMPLIANCE_BEARER_TOKEN",
        "Sent to the service as `Authorization: Bearer`. This or the client certificate is required with `COMPLIANCE_URL`.",
        advisedLength: 16);

    public static readonly Setting<string> ClientCertPath = Group.Add(
        "COMPLIANCE_CLIENT_CERT_PATH", SettingType.Text,
        "PEM: the certificate shown to the service, then its chain. Read again on SIGHUP.");

    public static readonly Setting<string> ClientKeyPath =
        Group.Add("COMPLIANCE_CLIENT_KEY_PATH", SettingType.Text, "Its PEM private key, mode 0600.");

    public static readonly Setting<string> CaPath = Group.Add(
        "COMPLIANCE_CA_PATH", SettingType.Text,
        "PEM: the roots that the service's certificate must lead to, instead of those of this machine. Read again on SIGHUP.");

    public static readonly DefaultedSetting<TimeSpan> Timeout = Group.Add(
        "COMPLIANCE_TIMEOUT", SettingType.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)), TimeSpan.FromSeconds(2),
        "How long an enrolment waits for the service, all attempts together.");

    public static readonly DefaultedSetting<ComplianceOnError> OnError = Group.Add(
        "COMPLIANCE_ON_ERROR", SettingType.OneOf(("deny", ComplianceOnError.Deny), ("allow", ComplianceOnError.Allow)),
        ComplianceOnError.Deny,
        "When the service gives no usable answer: `deny` refuses, `allow` lets the device through and says so in the audit.");

    /// <summary>Null when the profile has none.</summary>
    public static ComplianceOptions? Read(SettingValues values)
    {
        if (!values.IsSet(Url))
        {
            foreach (var setting in Group.Settings.Where(values.IsSet))
            {
                values.Problems.Add(
                    $"{values.NameOf(setting)} is set, but {values.NameOf(Url)} is not: no service would be asked. "
                    + "Set the URL, or take this away.");
            }

            return null;
        }

        var before = values.Problems.Count;
        var service = values.Read(Url) ?? Invalid;
        var token = ReadToken(values);
        var pair = ReadPair(values);
        if (values.Problems.Count == before && token is null == pair is null)
        {
            values.Problems.Add(
                $"{values.NameOf(BearerToken)} {(token is null ? "or" : "and")} {values.NameOf(ClientCertPath)} with its key "
                + (token is null ? "is needed: the service has to know who asks." : "are both set; set one."));
        }

        var options = new ComplianceOptions(service, token, pair, values.Read(CaPath), values.Read(Timeout), values.Read(OnError));
        if (options.OnError == ComplianceOnError.Allow)
        {
            values.Warnings.Add(
                $"{values.NameOf(OnError)} is allow: while the compliance service cannot be asked, every device that is vouched for is "
                + "let through.");
        }

        return options;
    }

    // A query may carry a key, so the value is not repeated.
    private static bool ParseUrl(string text, ICollection<string> problems, [MaybeNullWhen(false)] out Uri value)
    {
        value = Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : Invalid;
        var problem = value.Scheme != Uri.UriSchemeHttps || value.Host.Length == 0 || value == Invalid ? $" is not {Service.ShouldBe}."
            : value.UserInfo.Length > 0 ? " holds a user name; the bearer token or the client certificate says who asks."
            : value.Fragment.Length > 0 ? " holds a fragment, which no server ever sees."
            : null;
        if (problem is not null)
            problems.Add(problem);
        return problem is null;
    }

    private static Secret? ReadToken(SettingValues values)
    {
        var token = values.Read(BearerToken);

        // It stands in a header line.
        if (token?.Reveal().All(c => c is > ' ' and <= '~') == false)
            values.Problems.Add($"{values.NameOf(BearerToken)}: holds a character that is no visible ASCII.");
        return token;
    }

    private static ClientPairPaths? ReadPair(SettingValues values) => values.IsSet(ClientCertPath) || values.IsSet(ClientKeyPath)
        ? new ClientPairPaths(
            values.Required(
                ClientCertPath, $"the certificate to show to the compliance service; {values.NameOf(ClientKeyPath)} is set"),
            values.Required(ClientKeyPath, $"the private key of the certificate in {values.NameOf(ClientCertPath)}"))
        : null;
}
