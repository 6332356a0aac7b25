using Certctl.Api.Configuration.Compliance;
using Certctl.Application.Est;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Est;

/// <summary>
/// The settings of one EST profile: <c>CERTCTL_EST_</c>… for the root profile alone, <c>CERTCTL_EST_PROFILE_NAME_</c>… for each named one.
/// Those that SCEP's profiles have too are in <see cref="EndpointSettings"/> and
/// <see cref="ComplianceServiceSettings"/>.
/// </summary>
internal static class EstProfileSettings
{
    public static readonly SettingGroup Group = new(isOfProfile: true, EndpointNaming.Est);

    public static readonly Setting<IReadOnlyList<EstAuthModes>> Modes = Group.Add(
        "ALLOWED_AUTH_MODES",
        SettingType.List(SettingType.OneOf(
            ("basic", EstAuthModes.Basic), ("mtls", EstAuthModes.Mtls), ("challenge", EstAuthModes.Challenge),
            ("approval", EstAuthModes.Approval))),
        "Required, unless `ALLOW_ANONYMOUS` is `true`: what a first enrolment is authenticated by. `basic`: the password by HTTP Basic. "
        + "`mtls`: a client certificate of the bundle. `challenge`: the password as challengePassword. `approval`: operators decide about "
        + "each first enrolment; beside other modes about those alone that one of them has let in.");

    public static readonly DefaultedSetting<bool> AllowAnonymous = Group.Add(
        "ALLOW_ANONYMOUS", SettingType.Boolean, false,
        "With no `ALLOWED_AUTH_MODES`: all who reach the server get certificates.");

    public static readonly SecretSetting Password = Group.AddSecret(
        "ENROLLMENT_PASSWORD", "Required with the modes `basic` and `challenge`. The password that devices send.",
        minLength: 8, advisedLength: 16);

    public static readonly SecretSetting PreviousPassword = Group.AddSecret(
        "ENROLLMENT_PASSWORD_PREVIOUS", "Accepted beside the current one while that is rolled out.", minLength: 8, advisedLength: 16);

    public static readonly DefaultedSetting<int> MaxWrongPasswords = Group.Add(
        "WRONG_PASSWORDS_PER_SOURCE_1H", SettingType.Integer(0, 10_000), 10,
        "Wrong passwords, by HTTP Basic or as challengePassword, that one address may send in an hour; beyond it: 429, also for the right "
        + "one. 0: any number.");

    public static readonly DefaultedSetting<bool> MtlsAllowOtherNames = Group.Add(
        "MTLS_ALLOW_OTHER_NAMES", SettingType.Boolean, false,
        "With the mode `mtls`: a client certificate of the bundle may enrol any names that the certificate profile allows, not its own "
        + "alone.");

    public static readonly DefaultedSetting<bool> Reenroll = Group.Add(
        "SIMPLEREENROLL_ENABLED", SettingType.Boolean, true,
        "Serve `simplereenroll`, for which clients show the certificate that they renew. Where no profile serves it or takes client "
        + "certificates, the listener asks no client for one.");

    public static readonly DefaultedSetting<bool> ChannelBindingRequired = Group.Add(
        "CHANNEL_BINDING_REQUIRED", SettingType.Boolean, false,
        "`true` is refused at the start: the platform gives no channel binding of TLS 1.3 (ADR 45).");

    public static readonly DefaultedSetting<int> PerPrincipalLimit = Group.Add(
        "RATE_LIMIT_PER_PRINCIPAL_24H", SettingType.Integer(0, 1000), 0,
        "First certificates in any 24 hours for one client certificate or, without one, for one subject; 0: any number.");

    public static readonly DefaultedSetting<bool> HasRequestTemplate = Group.Add(
        "CSRATTRS_TEMPLATE", SettingType.Boolean, false,
        "`csrattrs` has the template of RFC 9908 too, behind the list of RFC 7030; clients that know it go by it alone.");

    public static readonly DefaultedSetting<bool> LineBreaks = Group.Add(
        "BASE64_LINE_BREAKS", SettingType.Boolean, true,
        "Certificates and `csrattrs` are sent as base64 in lines of 76 columns; `false`: in one line, the only form that strongSwan 5.9 "
        + "reads (docs/clients.md). Some other clients read no long line.");

    /// <param name="pathId">Empty for the root profile, which need not name its issuer.</param>
    /// <param name="values">Of the profile.</param>
    public static EstProfileOptions Read(string pathId, SettingValues values)
    {
        var modes = ReadModes(values);
        var (password, previous) = ReadPasswords(modes, values);
        var bundle = EndpointSettings.ReadMtlsBundle(values);
        if (modes.HasFlag(EstAuthModes.Mtls) && bundle is null)
        {
            values.Problems.Add(
                $"{values.NameOf(Modes)} has mtls, and {values.NameOf(EndpointSettings.MtlsEnabled)} is not true; set it and "
                + $"{values.NameOf(EndpointSettings.MtlsBundlePath)}, or take mtls away.");
        }

        if (values.Read(ChannelBindingRequired))
        {
            values.Problems.Add(
                $"{values.NameOf(ChannelBindingRequired)} is true, and this version cannot verify a channel binding: the platform does not "
                + "export keying material of TLS 1.3 (ADR 45); take it away.");
        }

        return new EstProfileOptions
        {
            PathId = pathId,
            IssuerId = EndpointSettings.ReadIssuer(required: pathId.Length > 0, values),
            CertificateProfileId = values.Read(EndpointSettings.ProfileId),
            Modes = modes,
            Password = password,
            PreviousPassword = previous,
            MtlsBundlePath = bundle,
            CertificateMayChangeNames = ReadMayChangeNames(modes, values),
            ServesRenewals = values.Read(Reenroll),
            PerPrincipalLimit = values.Read(PerPrincipalLimit),
            MaxWrongPasswords = values.Read(MaxWrongPasswords),
            ServerKeyGen = ServerKeySettings.ReadEnabled(modes, values),
            SharedKeys = ServerKeySettings.ReadSharedKeys(values),
            HasRequestTemplate = values.Read(HasRequestTemplate),
            BreaksLines = values.Read(LineBreaks),
            Compliance = ComplianceServiceSettings.Read(values),
            RetryWindow = values.Read(EndpointSettings.RetryWindow),
            PendingWindow = values.Read(EndpointSettings.PendingWindow),
        };
    }

    // Nothing is anonymous by omission.
    private static EstAuthModes ReadModes(SettingValues values)
    {
        var before = values.Problems.Count;
        var listed = values.Read(Modes) ?? [];
        var anonymous = values.Read(AllowAnonymous);
        var name = values.NameOf(Modes);
        if (listed.Count == 0 && !anonymous && values.Problems.Count == before)
        {
            values.Problems.Add(
                $"{name} is not set: what a first enrolment is authenticated by, one or more of basic, mtls, challenge, approval. For "
                + $"certificates to all who reach the server, set {values.NameOf(AllowAnonymous)}=true.");
        }

        if (listed.Count > 0 && anonymous)
        {
            values.Problems.Add(
                $"{values.NameOf(AllowAnonymous)} is true, and {name} would then mean nothing; take one of them away.");
        }

        if (listed.Count == 0 && anonymous)
            values.Warnings.Add($"{values.NameOf(AllowAnonymous)} is true: all who reach this server get certificates of this profile.");
        return listed.Count == 0 && anonymous
            ? EstAuthModes.Anonymous
            : listed.Aggregate(EstAuthModes.None, (all, mode) => all | mode);
    }

    // What is set and would do nothing was meant to do something. Without a mode that is the problem already.
    private static (Secret? Current, Secret? Previous) ReadPasswords(EstAuthModes modes, SettingValues values)
    {
        if ((modes & (EstAuthModes.Basic | EstAuthModes.Challenge)) == 0)
        {
            Setting[] unused = modes == EstAuthModes.None ? [] : [Password, PreviousPassword, MaxWrongPasswords];
            values.Problems.AddRange(unused.Where(values.IsSet).Select(setting =>
                $"{values.NameOf(setting)} is set, and {values.NameOf(Modes)} has neither basic nor challenge; add one of them, or take it "
                + "away."));
            return (null, null);
        }

        var problems = values.Problems.Count;
        var (name, current) = (values.NameOf(Password), values.Read(Password));
        if (current is null && values.Problems.Count == problems)
            values.Problems.Add($"{name} is not set: the password that devices send (or {name}{KnownSettings.FileSuffix}).");
        var previous = values.Read(PreviousPassword);
        EndpointSettings.CheckPrevious((Password, current), (PreviousPassword, previous), values);
        return (current, previous);
    }

    private static bool ReadMayChangeNames(EstAuthModes modes, SettingValues values)
    {
        var allowed = values.Read(MtlsAllowOtherNames);
        if (allowed && modes != EstAuthModes.None && !modes.HasFlag(EstAuthModes.Mtls))
        {
            values.Problems.Add(
                $"{values.NameOf(MtlsAllowOtherNames)} is true, and {values.NameOf(Modes)} does not have mtls; add it, or take "
                + "the setting away.");
        }

        return allowed;
    }
}
