using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>The compliance service of a SCEP profile: named with a URL and one way to authenticate, or not at all.</summary>
internal static class ComplianceReader
{
    private const int AdvisedToken = 16;

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Null when the profile has none.</summary>
    public static ComplianceOptions? Read(string prefix, SettingValues values)
    {
        var url = prefix + "COMPLIANCE_URL";
        if (!values.IsSet(url))
        {
            foreach (var setting in KnownSettings.ScepProfile.Where(setting => IsOurs(setting) && values.IsSet(prefix + setting.Name, setting.IsSecret)))
                values.Problems.Add(
                    $"{prefix}{setting.Name} is set, but {url} is not: no service would be asked. Set the URL, or take this away.");
            return null;
        }

        var before = values.Problems.Count;
        var service = ReadUrl(url, values);
        var token = ReadToken(prefix + "COMPLIANCE_BEARER_TOKEN", values);
        var pair = ReadPair(prefix, values);
        if (values.Problems.Count == before && token is null == pair is null)
        {
            values.Problems.Add(
                $"{prefix}COMPLIANCE_BEARER_TOKEN {(token is null ? "or" : "and")} {prefix}COMPLIANCE_CLIENT_CERT_PATH with its key "
                + (token is null ? "is needed: the service has to know who asks." : "are both set; set one."));
        }

        var options = new ComplianceOptions(
            service, token, pair, values.Text(prefix + "COMPLIANCE_CA_PATH"), ReadTimeout(prefix + "COMPLIANCE_TIMEOUT", values), ReadOnError(prefix + "COMPLIANCE_ON_ERROR", values));
        if (options.OnError == ComplianceOnError.Allow)
            values.Warnings.Add($"{prefix}COMPLIANCE_ON_ERROR is allow: while the compliance service cannot be asked, every device that is vouched for is let through.");
        return options;
    }

    private static bool IsOurs(Setting setting) => setting.Name.StartsWith("COMPLIANCE_", StringComparison.Ordinal);

    // A query may carry a key, so the value is not repeated.
    private static Uri ReadUrl(string name, SettingValues values)
    {
        var isUrl = Uri.TryCreate(values.Text(name)!, UriKind.Absolute, out var url);
        var problem = !isUrl || url!.Scheme != Uri.UriSchemeHttps || url.Host.Length == 0 ? "is not an absolute https URL"
            : url.UserInfo.Length > 0 ? "holds a user name; the bearer token or the client certificate says who asks"
            : url.Fragment.Length > 0 ? "holds a fragment, which no server ever sees"
            : null;
        if (problem is not null)
            values.Problems.Add($"{name} {problem}.");
        return url ?? new Uri("https://invalid");
    }

    private static Secret? ReadToken(string name, SettingValues values)
    {
        if (values.SecretText(name) is not { } text)
            return null;

        // It stands in a header line.
        if (!text.All(c => c is > ' ' and <= '~'))
            values.Problems.Add($"{name}: holds a character that is no visible ASCII.");
        else if (text.Length < AdvisedToken)
            values.Warnings.Add($"{name}: has fewer than {AdvisedToken} characters; make one with: openssl rand -base64 24");
        return new Secret(text);
    }

    private static ClientPairPaths? ReadPair(string prefix, SettingValues values)
    {
        var (cert, key) = (prefix + "COMPLIANCE_CLIENT_CERT_PATH", prefix + "COMPLIANCE_CLIENT_KEY_PATH");
        return values.IsSet(cert) || values.IsSet(key)
            ? new ClientPairPaths(
                values.Required(cert, $"the certificate to show to the compliance service; {key} is set") ?? "",
                values.Required(key, $"the private key of the certificate in {cert}") ?? "")
            : null;
    }

    private static TimeSpan ReadTimeout(string name, SettingValues values)
    {
        if (values.Text(name) is not { } text)
            return DefaultTimeout;
        if (SettingParsers.TryParseDuration(text.Trim(), out var timeout) && timeout >= LeastTimeout && timeout <= MaxTimeout)
            return timeout;
        values.Reject(name, text, $"a duration from {LeastTimeout.TotalSeconds:0}s to {MaxTimeout.TotalSeconds:0}s");
        return DefaultTimeout;
    }

    private static ComplianceOnError ReadOnError(string name, SettingValues values)
    {
        switch (values.Text(name)?.Trim().ToUpperInvariant())
        {
            case null or "DENY":
                return ComplianceOnError.Deny;
            case "ALLOW":
                return ComplianceOnError.Allow;
            default:
                values.Reject(name, values.Text(name)!, "deny or allow");
                return ComplianceOnError.Deny;
        }
    }
}
