using Certctl.Api.Configuration;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>An environment that is in order, and what becomes of it when a test changes a setting or two.</summary>
internal static class Settings
{
    public const string Challenge = "a challenge of some length";

    /// <summary>What every start needs, and one SCEP profile in the flat form.</summary>
    public static Dictionary<string, string> Complete() => new(StringComparer.Ordinal)
    {
        ["CERTCTL_SERVER_TLS_CERT_PATH"] = "/keys/tls.crt",
        ["CERTCTL_SERVER_TLS_KEY_PATH"] = "/keys/tls.key",
        ["CERTCTL_DATABASE_URL"] = "sqlite:///var/lib/certctl.db",
        ["CERTCTL_CA_CERT_PATH"] = "/keys/ca.crt",
        ["CERTCTL_CA_KEY_PATH"] = "/keys/ca.key",
        ["CERTCTL_SCEP_ENABLED"] = "true",
        ["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = Challenge,
        ["CERTCTL_SCEP_RA_CERT_PATH"] = "/keys/ra.crt",
        ["CERTCTL_SCEP_RA_KEY_PATH"] = "/keys/ra.key",
    };

    /// <summary>The same with one profile "corp" in the structured form.</summary>
    public static Dictionary<string, string> Structured()
    {
        var environment = Complete().Where(pair => !pair.Key.StartsWith("CERTCTL_SCEP_", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
        environment["CERTCTL_SCEP_ENABLED"] = "true";
        environment["CERTCTL_SCEP_PROFILES"] = "corp";
        return environment.AddProfile("CORP");
    }

    public static Dictionary<string, string> AddProfile(this Dictionary<string, string> environment, string token)
    {
        environment[$"CERTCTL_SCEP_PROFILE_{token}_ISSUER_ID"] = "iss-local";
        environment[$"CERTCTL_SCEP_PROFILE_{token}_CHALLENGE_PASSWORD"] = $"{token} {Challenge}";
        environment[$"CERTCTL_SCEP_PROFILE_{token}_RA_CERT_PATH"] = "/keys/ra.crt";
        environment[$"CERTCTL_SCEP_PROFILE_{token}_RA_KEY_PATH"] = "/keys/ra.key";
        return environment;
    }

    /// <summary>An issuer of tokens, with what it needs beside it.</summary>
    public static Dictionary<string, string> WithOidc(this Dictionary<string, string> environment) => environment
        .With("CERTCTL_OIDC_AUTHORITY", "https://login.example.com")
        .With("CERTCTL_OIDC_AUDIENCE", "certctl").With("CERTCTL_OIDC_ROLE_MAP", "pki-admins=admin").With("CERTCTL_OIDC_CLIENT_ID", "certctl-pages");

    /// <summary>Sets a name, or takes it away when the value is null.</summary>
    public static Dictionary<string, string> With(this Dictionary<string, string> environment, string name, string? value)
    {
        if (value is null)
            environment.Remove(name);
        else
            environment[name] = value;
        return environment;
    }

    public static ConfigurationReading Reading(this Dictionary<string, string> environment, string? config = null) =>
        ConfigurationReader.Read(environment, config);

    public static CertctlOptions Options(this Dictionary<string, string> environment, string? config = null)
    {
        var reading = environment.Reading(config);
        Assert.Empty(reading.Problems);
        return reading.Options!;
    }

    /// <summary>The one problem of an environment; where there is one, there are no options.</summary>
    public static string Problem(this Dictionary<string, string> environment, string? config = null)
    {
        var reading = environment.Reading(config);
        Assert.Null(reading.Options);
        return Assert.Single(reading.Problems);
    }
}
