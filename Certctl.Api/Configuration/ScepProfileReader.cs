using System.Text.RegularExpressions;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Configuration;

/// <summary>
/// The SCEP profiles of a start: one root profile from the flat form, or the named ones of CERTCTL_SCEP_PROFILES; never a mixture, the
/// named ones win.
/// </summary>
internal static partial class ScepProfileReader
{
    private const string Enabled = "CERTCTL_SCEP_ENABLED";
    private const string ProfileList = "CERTCTL_SCEP_PROFILES";
    private const string LocalIssuer = "iss-local";
    private const int LeastChallenge = 8;
    private const int AdvisedChallenge = 16;
    private const int MaxPathId = 64;

    private static readonly TimeSpan MaxRetryWindow = TimeSpan.FromHours(24);
    private static readonly TimeSpan LeastPendingWindow = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPendingWindow = TimeSpan.FromDays(90);

    /// <summary>How a profile's name stands inside a variable's: a shell takes no hyphens there.</summary>
    public static string Token(string name) => name.ToUpperInvariant().Replace('-', '_');

    /// <summary>What the variables of a profile begin with.</summary>
    public static string PrefixOf(string pathId) =>
        pathId.Length == 0 ? KnownSettings.FlatPrefix : $"{KnownSettings.ProfilePrefix}{Token(pathId)}_";

    public static IReadOnlyList<ScepProfileOptions> Read(SettingValues values)
    {
        var names = values.List(ProfileList);
        CheckNames(names, values);
        var flat = KnownSettings.ScepProfile.Where(setting => values.IsSet(KnownSettings.FlatPrefix + setting.Name, setting.IsSecret)).Select(setting => KnownSettings.FlatPrefix + setting.Name).ToList();
        if (names.Count > 0 && flat.Count > 0)
            values.Warnings.Add($"{ProfileList} is set, so the flat form has no effect ({string.Join(", ", flat)}): no profile takes anything from it, and /scep itself is not served.");

        // What cannot be read was meant to say something: then the profiles are read too, and their problems told with it.
        var before = values.Problems.Count;
        var enabled = values.Boolean(Enabled, otherwise: false) || values.Problems.Count > before;
        if (!enabled && (names.Count > 0 || flat.Count > 0))
            values.Warnings.Add($"{Enabled} is false, so the SCEP settings have no effect.");
        if (!enabled)
            return [];
        return names.Count == 0
            ? [ReadProfile("", KnownSettings.FlatPrefix, LocalIssuer, values)]
            : [.. names.Select(name => ReadNamed(name, values))];
    }

    // A variable's name does not always show the path: SHOP_FLOOR is shop-floor.
    private static ScepProfileOptions ReadNamed(string name, SettingValues values)
    {
        var pathId = name.ToLowerInvariant();
        var before = values.Problems.Count;
        var profile = ReadProfile(pathId, PrefixOf(pathId), defaultIssuer: null, values);
        for (var i = before; i < values.Problems.Count; i++)
            values.Problems[i] += $" (SCEP profile \"{pathId}\")";
        return profile;
    }

    private static void CheckNames(IReadOnlyList<string> names, SettingValues values)
    {
        foreach (var name in names.Where(name => name.Length > MaxPathId || !PathId().IsMatch(name.ToLowerInvariant())))
            values.Problems.Add($"{ProfileList}: \"{name}\" cannot be a path: letters, digits and inner hyphens, at most {MaxPathId}.");
        foreach (var twice in names.GroupBy(Token, StringComparer.Ordinal).Where(group => group.Count() > 1))
            values.Problems.Add($"{ProfileList}: {string.Join(" and ", twice.Select(name => $"\"{name}\""))} are the same name.");
    }

    private static ScepProfileOptions ReadProfile(string pathId, string prefix, string? defaultIssuer, SettingValues values)
    {
        var preset = ShapeReader.Preset(prefix + "CLIENT_PRESET", values);
        var intune = IntuneReader.Read(prefix, values);
        var mode = IntuneReader.ReadMode(prefix, intune is not null, values);
        return ReadProfile(pathId, prefix, defaultIssuer, preset, mode, values) with { Intune = intune };
    }

    private static ScepProfileOptions ReadProfile(string pathId, string prefix, string? defaultIssuer, ClientPreset preset, ChallengeMode mode, SettingValues values) => new()
    {
        PathId = pathId,
        IssuerId = ReadIssuer(prefix + "ISSUER_ID", defaultIssuer, values),
        CertificateProfileId = values.Text(prefix + "PROFILE_ID") ?? CertificateProfile.DefaultId,
        Challenge = ReadChallenge(prefix + "CHALLENGE_PASSWORD", required: mode != ChallengeMode.IntuneOnly, mode, values),
        ChallengeMode = mode,
        PreviousChallenge = ReadChallenge(prefix + "CHALLENGE_PASSWORD_PREVIOUS", required: false, mode, values),
        RaPairs = ReadRaPairs(prefix, values),
        NextRaPairs = NextCaReader.IsStaged(values, prefix) ? ReadRaPairs(prefix + "NEXT_", values) : [],
        ExtraCapabilities = ReadCapabilities(prefix, preset, values),
        RetryWindow = values.Duration(prefix + "RETRY_WINDOW", TimeSpan.FromHours(1), MaxRetryWindow),
        RenewalMayChangeName = values.Boolean(prefix + "RENEWAL_ALLOW_NAME_CHANGE", otherwise: false),
        PendingWindow = values.Duration(prefix + "PENDING_WINDOW", TimeSpan.FromDays(7), MaxPendingWindow, LeastPendingWindow),
        CryptoPolicy = ReadCryptoPolicy(prefix + "CRYPTO_POLICY", values),
        MtlsBundlePath = ReadMtlsBundle(prefix + "MTLS_ENABLED", prefix + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", values),
        Compliance = ComplianceReader.Read(prefix, values),
        AllowRawCsr = values.Boolean(prefix + "ALLOW_RAW_CSR", otherwise: true),
        CaCertificates = ShapeReader.CaCertificates(prefix + "GETCACERT", preset.CaCertificates, values),
        ReplyChain = ShapeReader.Reply(prefix + "REPLY_CHAIN", preset.Reply, values),
    };

    private static string? ReadMtlsBundle(string enabled, string path, SettingValues values)
    {
        if (values.Boolean(enabled, otherwise: false))
            return values.Required(path, "the CAs whose client certificates are let in");
        if (values.IsSet(path))
            values.Warnings.Add($"{path} has no effect while {enabled} is false.");
        return null;
    }

    private static string ReadIssuer(string name, string? otherwise, SettingValues values)
    {
        var issuer = values.Text(name) ?? otherwise;
        if (issuer is null)
            values.Problems.Add($"{name} is not set: the issuer that signs for this profile, {LocalIssuer}.");
        else if (issuer != LocalIssuer)
            values.Problems.Add($"{name}: there is no issuer \"{issuer}\"; this version has {LocalIssuer} alone.");
        return issuer ?? LocalIssuer;
    }

    private static Secret? ReadChallenge(string name, bool required, ChallengeMode mode, SettingValues values)
    {
        var problems = values.Problems.Count;
        var text = values.SecretText(name);
        if (text is null)
        {
            if (required && values.Problems.Count == problems)
                values.Problems.Add(
                    $"{name} is not set: the secret that devices present as challengePassword (or {name}{KnownSettings.FileSuffix}).");
            return null;
        }

        if (text.Length < LeastChallenge)
            values.Problems.Add($"{name}: has fewer than {LeastChallenge} characters; make one with: openssl rand -base64 24");
        else if (text.Length < AdvisedChallenge)
            values.Warnings.Add($"{name}: has fewer than {AdvisedChallenge} characters; make one with: openssl rand -base64 24");
        var secret = new Secret(text);
        if (mode == ChallengeMode.Mixed && IntuneChallenge.HasShape(secret))
            values.Warnings.Add($"{name}: is longer than 200 characters and has exactly two dots, so it is judged as a signed challenge and never matches; make one with: openssl rand -base64 24");
        return secret;
    }

    private static IReadOnlyList<RaPairPaths> ReadRaPairs(string prefix, SettingValues values)
    {
        var (certName, keyName) = (prefix + "RA_CERT_PATH", prefix + "RA_KEY_PATH");
        var (certs, keys) = (ReadPaths(certName, "the RA certificate that devices encrypt their requests to", values), ReadPaths(keyName, "the private key of the RA", values));
        if (certs.Count != keys.Count && certs.Count > 0 && keys.Count > 0)
            values.Problems.Add($"{certName} names {certs.Count} files and {keyName} names {keys.Count}; each certificate needs its key, in the same order.");
        return [.. certs.Zip(keys, (cert, key) => new RaPairPaths(cert, key))];
    }

    private static IReadOnlyList<string> ReadPaths(string name, string what, SettingValues values)
    {
        var paths = values.List(name);
        if (paths.Count == 0 && values.Required(name, what) is not null)
            values.Problems.Add($"{name}: names no file.");
        return paths;
    }

    private static CryptoPolicy ReadCryptoPolicy(string name, SettingValues values)
    {
        if (values.Text(name) is { } text && ParseCryptoPolicy(text) is null)
            values.Reject(name, text, "one of modern, compatible, legacy");
        return ParseCryptoPolicy(values.Text(name)) ?? CryptoPolicy.Compatible;
    }

    private static CryptoPolicy? ParseCryptoPolicy(string? text) => text?.Trim().ToUpperInvariant() switch
    {
        "MODERN" => CryptoPolicy.Modern,
        "COMPATIBLE" => CryptoPolicy.Compatible,
        "LEGACY" => CryptoPolicy.Legacy,
        _ => null,
    };

    private static List<string> ReadCapabilities(string prefix, ClientPreset preset, SettingValues values)
    {
        var (name, policyName) = (prefix + "EXTRA_CAPABILITIES", prefix + "CRYPTO_POLICY");
        var listed = values.List(name);
        if (listed.Count == 0)
            (name, listed) = (prefix + "CLIENT_PRESET", preset.Capabilities);
        var extras = new List<string>();
        foreach (var text in listed)
        {
            // RFC 8894 §3.5.2: clients compare keywords by case, so they are sent in the RFC's own.
            var known = ScepCapability.Extra.FirstOrDefault(capability => capability.Equals(text, StringComparison.OrdinalIgnoreCase));
            if (known is null)
                values.Reject(name, text, $"one of {string.Join(", ", ScepCapability.Extra)}");
            else if (ParseCryptoPolicy(values.Text(policyName))?.MayList(known) == false)
                values.Problems.Add($"{name}: {known} cannot be listed, since {policyName} is {values.Text(policyName)} and refuses it; take it away, or take another policy.");
            else if (!extras.Contains(known))
                extras.Add(known);
        }

        return extras;
    }

    [GeneratedRegex($"^{ScepProfile.PathIdForm}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathId();
}
