using Certctl.Api.Configuration.Compliance;
using Certctl.Api.Configuration.Server;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Scep;

/// <summary>
/// The settings of one SCEP profile: <c>CERTCTL_SCEP_</c>… for the root profile alone, <c>CERTCTL_SCEP_PROFILE_NAME_</c>… for each
/// named one. Others are in <see cref="EndpointSettings"/>, <see cref="SignedChallengeSettings"/> and
/// <see cref="ComplianceServiceSettings"/>.
/// </summary>
internal static class ScepProfileSettings
{
    public static readonly SettingGroup Group = new(isOfProfile: true);

    public static readonly SecretSetting Challenge = Group.AddSecret(
        "CHALLENGE_PASSWORD", "Required, unless `CHALLENGE_MODE` is `intune-only`. The shared secret that devices present.",
        minLength: 8, advisedLength: 16);

    public static readonly SecretSetting PreviousChallenge = Group.AddSecret(
        "CHALLENGE_PASSWORD_PREVIOUS", "Accepted beside the current one while that is rolled out.", minLength: 8, advisedLength: 16);

    public static readonly Setting<IReadOnlyList<string>> RaCertPath = Group.Add(
        "RA_CERT_PATH", SettingType.List(SettingType.Text),
        "Required. PEM certificate of the RA; several overlap during rotation. Read again on SIGHUP.");

    public static readonly Setting<IReadOnlyList<string>> RaKeyPath = Group.Add(
        "RA_KEY_PATH", SettingType.List(SettingType.Text),
        "Required. PEM RSA key of the RA, mode 0600; as many as certificates, in the same order.");

    public static readonly Setting<IReadOnlyList<string>> NextRaCertPath = Group.Add(
        "NEXT_RA_CERT_PATH", SettingType.List(SettingType.Text),
        "PEM certificate of the RA below the next CA; required once `CERTCTL_CA_NEXT_CERT_PATH` is set. Several: as for `RA_CERT_PATH`. "
        + "Read again on SIGHUP.");

    public static readonly Setting<IReadOnlyList<string>> NextRaKeyPath = Group.Add(
        "NEXT_RA_KEY_PATH", SettingType.List(SettingType.Text),
        "Its PEM RSA key, mode 0600, and no key of a current RA; as many as certificates, in the same order.");

    public static readonly DefaultedSetting<bool> RenewalMayChangeName = Group.Add(
        "RENEWAL_ALLOW_NAME_CHANGE", SettingType.Boolean, false, "A renewal may ask for another subject or other SANs.");

    public static readonly DefaultedSetting<CryptoPolicy> Policy = Group.Add(
        "CRYPTO_POLICY",
        SettingType.OneOf(("modern", CryptoPolicy.Modern), ("compatible", CryptoPolicy.Compatible), ("legacy", CryptoPolicy.Legacy)),
        CryptoPolicy.Compatible,
        "Algorithms that are taken: `modern` (AES, SHA-256, SHA-384, SHA-512), `compatible` (also 3DES and SHA-1), `legacy` (also single "
        + "DES and MD5).");

    public static readonly DefaultedSetting<bool> AllowRawCsr = Group.Add(
        "ALLOW_RAW_CSR", SettingType.Boolean, true,
        "Serve a PKCS#10 in the clear too, protected by TLS alone (ADR 14); `false`: pkiMessages only.");

    public static readonly DefaultedSetting<ClientPreset> Preset = Group.Add(
        "CLIENT_PRESET", SettingType.OneOf(ClientPreset.All.Select(preset => (preset.Name, preset)).ToArray()), ClientPreset.Default,
        "The devices of this path. Decides what `GETCACERT`, `REPLY_CHAIN` and `EXTRA_CAPABILITIES` are where they are not set "
        + "(docs/clients.md).");

    public static readonly DefaultedSetting<CaCertificateShape> CaCertificates = Group.Add(
        "GETCACERT",
        SettingType.OneOf(
            ("ra+chain", CaCertificateShape.RaAndChain), ("ra+issuer", CaCertificateShape.RaAndIssuer),
            ("chain", CaCertificateShape.Chain), ("issuer", CaCertificateShape.Issuer)),
        CaCertificateShape.RaAndChain,
        "What GetCACert hands out; the last two only where the issuing CA is its own RA.");

    public static readonly DefaultedSetting<ReplyChain> Reply = Group.Add(
        "REPLY_CHAIN",
        SettingType.OneOf(("leaf", ReplyChain.Leaf), ("leaf+issuer", ReplyChain.LeafAndIssuer), ("chain", ReplyChain.Chain)),
        ReplyChain.Leaf,
        "What an enrolled device gets, the issued certificate first.");

    // RFC 8894 §3.5.2: clients compare keywords by case, so they are sent in the RFC's own.
    public static readonly Setting<IReadOnlyList<string>> ExtraCapabilities = Group.Add(
        "EXTRA_CAPABILITIES",
        SettingType.List(SettingType.OneOf(ScepCapability.Extra.Select(capability => (capability, capability)).ToArray())),
        "Lines to add to GetCACaps.");

    /// <param name="pathId">Empty for the root profile, which need not name its issuer.</param>
    /// <param name="values">Of the profile.</param>
    public static ScepProfileOptions Read(string pathId, SettingValues values)
    {
        var preset = values.Read(Preset);
        var intune = SignedChallengeSettings.Read(values);
        var mode = SignedChallengeSettings.ReadMode(intune is not null, values);
        var policy = values.Read(Policy);
        var challenge = ReadChallenge(Challenge, required: mode != ChallengeMode.IntuneOnly, mode, values);
        var previous = ReadChallenge(PreviousChallenge, required: false, mode, values);
        EndpointSettings.CheckPrevious((Challenge, challenge), (PreviousChallenge, previous), values);
        return new ScepProfileOptions
        {
            PathId = pathId,
            IssuerId = EndpointSettings.ReadIssuer(required: pathId.Length > 0, values),
            CertificateProfileId = values.Read(EndpointSettings.ProfileId),
            Challenge = challenge,
            ChallengeMode = mode,
            PreviousChallenge = previous,
            RaPairs = ReadRaPairs(RaCertPath, RaKeyPath, values),
            NextRaPairs = NeedsNextRa(values) ? ReadRaPairs(NextRaCertPath, NextRaKeyPath, values) : [],
            ExtraCapabilities = ReadCapabilities(preset, policy, values),
            RetryWindow = values.Read(EndpointSettings.RetryWindow),
            RenewalMayChangeName = values.Read(RenewalMayChangeName),
            PendingWindow = values.Read(EndpointSettings.PendingWindow),
            CryptoPolicy = policy,
            MtlsBundlePath = EndpointSettings.ReadMtlsBundle(values),
            Compliance = ComplianceServiceSettings.Read(values),
            AllowRawCsr = values.Read(AllowRawCsr),
            Intune = intune,
            CaCertificates = values.Read(CaCertificates, preset.CaCertificates),
            ReplyChain = values.Read(Reply, preset.Reply),
        };
    }

    // A setting of a next RA without a next CA is a problem: the operator believes that one is staged.
    private static bool NeedsNextRa(SettingValues values)
    {
        var isStaged = CaSettings.IsNextStaged(values);
        foreach (var setting in new[] { NextRaCertPath, NextRaKeyPath }.Where(setting => !isStaged && values.IsSet(setting)))
        {
            values.Problems.Add(
                $"{values.NameOf(setting)} is set, but no next CA is staged: set {CaSettings.NextCertPath.Name} and "
                + $"{CaSettings.NextKeyPath.Name} too.");
        }

        return isStaged;
    }

    private static Secret? ReadChallenge(SecretSetting setting, bool required, ChallengeMode mode, SettingValues values)
    {
        var problems = values.Problems.Count;
        var name = values.NameOf(setting);
        var secret = values.Read(setting);
        if (secret is null && required && values.Problems.Count == problems)
        {
            values.Problems.Add(
                $"{name} is not set: the secret that devices present as challengePassword (or {name}{KnownSettings.FileSuffix}).");
        }

        if (secret is not null && mode == ChallengeMode.Mixed && IntuneChallenge.HasShape(secret))
        {
            values.Warnings.Add(
                $"{name}: is longer than 200 characters and has exactly two dots, so it is judged as a signed challenge and never matches; "
                + "make one with: openssl rand -base64 24");
        }

        return secret;
    }

    private static IReadOnlyList<RaPairPaths> ReadRaPairs(
        Setting<IReadOnlyList<string>> certSetting, Setting<IReadOnlyList<string>> keySetting, SettingValues values)
    {
        var certs = ReadPaths(certSetting, "the RA certificate that devices encrypt their requests to", values);
        var keys = ReadPaths(keySetting, "the private key of the RA", values);
        if (certs.Count != keys.Count && certs.Count > 0 && keys.Count > 0)
        {
            values.Problems.Add(
                $"{values.NameOf(certSetting)} names {certs.Count} files and {values.NameOf(keySetting)} names {keys.Count}; "
                + "each certificate needs its key, in the same order.");
        }

        return [.. certs.Zip(keys, (cert, key) => new RaPairPaths(cert, key))];
    }

    private static IReadOnlyList<string> ReadPaths(Setting<IReadOnlyList<string>> setting, string what, SettingValues values)
    {
        var name = values.NameOf(setting);
        if (!values.IsSet(setting))
            values.Problems.Add($"{name} is not set: {what}.");
        var before = values.Problems.Count;
        var paths = values.Read(setting) ?? [];
        if (paths.Count == 0 && values.IsSet(setting) && values.Problems.Count == before)
            values.Problems.Add($"{name}: names no file.");
        return paths;
    }

    private static List<string> ReadCapabilities(ClientPreset preset, CryptoPolicy policy, SettingValues values)
    {
        var listed = values.Read(ExtraCapabilities) ?? [];
        var name = values.NameOf(listed.Count == 0 ? Preset : ExtraCapabilities);
        var extras = (listed.Count == 0 ? preset.Capabilities : listed).Distinct().ToList();
        foreach (var refused in extras.Where(capability => !policy.MayList(capability)))
        {
            values.Problems.Add(
                $"{name}: {refused} cannot be listed, since {values.NameOf(Policy)} is {Policy.Type.Format(policy)} and refuses it; "
                + "take it away, or take another policy.");
        }

        return extras;
    }
}
