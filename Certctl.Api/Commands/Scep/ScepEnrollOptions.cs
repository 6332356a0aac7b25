using System.CommandLine;
using System.Security.Cryptography;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using static Certctl.Api.Commands.Enrolling.OptionForms;

namespace Certctl.Api.Commands.Scep;

/// <summary>The options of <c>certctl scep enroll</c>, and what they mean.</summary>
internal sealed class ScepEnrollOptions(ParseResult parsed, Func<string, string?> environment)
{
    private static readonly Argument<string?> UrlArgument = new("URL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The SCEP URL, for example https://host/scep. Without it: CERTCTL_SCEP_URL.",
    };

    private static readonly Option<string?> ChallengeOption = Text("--challenge", "VALUE", "The challenge password. WARNING: "
        + "every user of this machine sees it in the process list; better --challenge-file or CERTCTL_CHALLENGE.");
    private static readonly Option<string?> ChallengeFileOption =
        Text("--challenge-file", "FILE", "File with the challenge password; a line end after it is left out.");
    private static readonly Option<string?> KeyTypeOption = Text("--key-type", "TYPE", "The new key: rsa-2048 (default), rsa-3072, "
        + "rsa-4096, ec-p256, ec-p384 or ec-p521. Not every SCEP server can answer an EC key; certctl can.");
    private static readonly Option<string?> PassphraseOption =
        Text("--key-passphrase-file", "FILE", "Passphrase that encrypts the new key and opens encrypted key files.");
    private static readonly Option<string?> CaCertOption =
        Text("--cacert", "FILE", "PEM file with the roots to trust for TLS. Without it: CERTCTL_CA_FILE, else the roots of this machine.");
    private static readonly Option<string?> FingerprintOption =
        Text("--ca-fingerprint", "HEX", "SHA-256 (or SHA-1, SHA-384, SHA-512) of the CA certificate: everything must chain to it.");
    private static readonly Option<string?> DigestOption =
        Text("--digest", "NAME", "sha-256, sha-384, sha-512 or sha-1; default: what the server lists, SHA-256 first.");
    private static readonly Option<string?> CipherOption =
        Text("--cipher", "NAME", "aes-128, aes-192, aes-256 or des3; default: what the server lists, AES-128 first.");
    private static readonly Option<bool> GetOption = Flag("--get", "Send requests by GET although the server takes POST.");
    private static readonly Option<bool> RenewOption = Flag("--renew", "Renew --old-cert: RenewalReq signed with the old pair, "
        + "same subject and names; a challenge is sent only if --challenge or --challenge-file says so.");
    private static readonly Option<bool> ResumeOption =
        Flag("--resume", "Fetch the answer to an earlier request that was left pending; takes its key from --key or from <key file>.new.");
    private static readonly Option<string?> IntervalOption =
        Text("--poll-interval", "TIME", "How often to ask while the request is pending; default 10s.");
    private static readonly Option<bool> JsonOption = Flag("--json", "The result as one JSON object on one line.");

    public static IEnumerable<Option> All =>
    [
        ChallengeOption, ChallengeFileOption, .. EnrolOptions.OfNames, EnrolOptions.KeyOption, KeyTypeOption, PassphraseOption,
        .. EnrolOptions.OfFiles, CaCertOption, FingerprintOption, DigestOption, CipherOption, GetOption,
        RenewOption, EnrolOptions.OldCertOption, EnrolOptions.OldKeyOption, ResumeOption, IntervalOption, EnrolOptions.TimeoutOption,
        JsonOption,
    ];

    public static Argument<string?> ServerArgument => UrlArgument;

    /// <summary>Those of every protocol.</summary>
    public EnrolOptions Enrol { get; } = new(parsed);

    public Uri Url => ScepVerb.ServerUrl(parsed.GetValue(UrlArgument), environment);

    public TlsTrust Trust => ClientVerb.Trust(parsed.GetValue(CaCertOption), environment);

    public bool Json => parsed.GetValue(JsonOption);

    public bool Resume => parsed.GetValue(ResumeOption);

    public bool Renew => parsed.GetValue(RenewOption);

    public TimeSpan PollInterval => ClientVerb.Duration("--poll-interval", parsed.GetValue(IntervalOption) ?? "10s");

    public DeviceKeyKind KeyKind => Enrol.KeyKind(KeyTypeOption) ?? DeviceKeyKind.Rsa2048;

    /// <summary>Null without --key-passphrase-file.</summary>
    public string? Passphrase => parsed.GetValue(PassphraseOption) is { } file ? ClientVerb.ReadSecret(file, "passphrase file") : null;

    public ScepChoices Choices => new()
    {
        CaFingerprint = parsed.GetValue(FingerprintOption) is { } hex ? CaFingerprint.Parse(hex) : null,
        UseGet = parsed.GetValue(GetOption),
        Digest = parsed.Choice<HashAlgorithmName?>(
            DigestOption,
            null,
            ("sha-256", HashAlgorithmName.SHA256),
            ("sha-384", HashAlgorithmName.SHA384),
            ("sha-512", HashAlgorithmName.SHA512),
            ("sha-1", HashAlgorithmName.SHA1)),
        Cipher = parsed.Choice<ScepCipher?>(
            CipherOption,
            null,
            ("aes-128", ScepCipher.Aes128),
            ("aes-192", ScepCipher.Aes192),
            ("aes-256", ScepCipher.Aes256),
            ("des3", ScepCipher.Des3)),
    };

    public string? Challenge
    {
        get
        {
            if (parsed.GetValue(ChallengeFileOption) is { } file)
                return ClientVerb.ReadSecret(file, "challenge file");
            // Left over from a first enrolment, the variable must not turn a renewal into a wrong guess.
            var value = parsed.GetValue(ChallengeOption) ?? (Renew ? null : environment("CERTCTL_CHALLENGE"));
            return string.IsNullOrEmpty(value) ? null : value;
        }
    }

    /// <summary>Options that contradict one another or lack a partner.</summary>
    public void Check()
    {
        Refuse(parsed.Given(ChallengeOption) && parsed.Given(ChallengeFileOption),
            "--challenge and --challenge-file are both given.", "Leave one out.");
        Enrol.CheckKey(KeyTypeOption);
        Refuse(Renew && (Enrol.OldCert is null || Enrol.OldKey is null),
            "--renew needs the old pair.", "Add --old-cert FILE --old-key FILE.");
        Refuse(!Renew && (Enrol.OldCert is not null || Enrol.OldKey is not null),
            "--old-cert and --old-key are for a renewal.", "Add --renew.");
        Refuse(Renew && EnrolOptions.OfNames.Any(parsed.Given),
            "a renewal keeps the subject and the names of the old certificate.",
            "Leave out --subject, --dns, --ip, --email, --uri and --upn, or enrol anew with a challenge.");
    }

    private static void Refuse(bool wrong, string message, string advice)
    {
        if (wrong)
            throw ClientVerb.Misuse(message, advice);
    }
}
