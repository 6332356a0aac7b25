using Certctl.Api.Configuration.Server;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Configuration;

/// <summary>The settings that a profile of every protocol has.</summary>
internal static class EndpointSettings
{
    public static readonly SettingGroup Group = new(isOfProfile: true, EndpointNaming.Scep, EndpointNaming.Est);

    public static readonly DefaultedSetting<string> IssuerId = Group.Add(
        "ISSUER_ID", SettingType.Text, CaSettings.LocalIssuer, "Issuer. Required for named profiles; this version has `iss-local` alone.");

    public static readonly DefaultedSetting<string> ProfileId = Group.Add(
        "PROFILE_ID", SettingType.Text, CertificateProfile.DefaultId,
        "Certificate profile: what may be issued (`certctl profiles list`).");

    public static readonly DefaultedSetting<TimeSpan> RetryWindow = Group.Add(
        "RETRY_WINDOW", SettingType.Duration(TimeSpan.Zero, TimeSpan.FromHours(24)), TimeSpan.FromHours(1),
        "How long the same request gets the same certificate again.");

    public static readonly DefaultedSetting<TimeSpan> PendingWindow = Group.Add(
        "PENDING_WINDOW", SettingType.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(90)), TimeSpan.FromDays(7),
        "How long a request waits for an operator before it lapses.");

    public static readonly DefaultedSetting<bool> MtlsEnabled = Group.Add(
        "MTLS_ENABLED", SettingType.Boolean, false,
        "Take TLS client certificates. SCEP: at `/scep-mtls`, beside the challenge. EST: for the mode `mtls`, and at "
        + "`/.well-known/est-mtls`, where one is wanted beside every mode.");

    public static readonly Setting<string> MtlsBundlePath = Group.Add(
        "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", SettingType.Text,
        "Required with `MTLS_ENABLED`. PEM: the CAs whose client certificates are let in. Read again on SIGHUP.");

    /// <summary>Null: client certificates are not taken.</summary>
    public static string? ReadMtlsBundle(SettingValues values)
    {
        if (values.Read(MtlsEnabled))
            return values.Required(MtlsBundlePath, "the CAs whose client certificates are let in");
        if (values.IsSet(MtlsBundlePath))
            values.Warnings.Add($"{values.NameOf(MtlsBundlePath)} has no effect while {values.NameOf(MtlsEnabled)} is false.");
        return null;
    }

    /// <summary>The secret before must be another one: else nothing is rolled out.</summary>
    public static void CheckPrevious(
        (SecretSetting Setting, Secret? Secret) current, (SecretSetting Setting, Secret? Secret) previous, SettingValues values)
    {
        if (current.Secret is { } secret && previous.Secret is { } before && secret.Matches(before))
        {
            values.Problems.Add(
                $"{values.NameOf(previous.Setting)} is the same as {values.NameOf(current.Setting)}; take it away, or set the new one "
                + "there.");
        }
    }

    public static string ReadIssuer(bool required, SettingValues values)
    {
        var (name, issuer) = (values.NameOf(IssuerId), values.Read(IssuerId));
        if (required && !values.IsSet(IssuerId))
            values.Problems.Add($"{name} is not set: the issuer that signs for this profile, {CaSettings.LocalIssuer}.");
        else if (issuer != CaSettings.LocalIssuer)
            values.Problems.Add($"{name}: there is no issuer \"{issuer}\"; this version has {CaSettings.LocalIssuer} alone.");
        return issuer;
    }
}
