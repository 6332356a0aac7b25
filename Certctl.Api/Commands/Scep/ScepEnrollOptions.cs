using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;

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
    private static readonly Option<string?> SubjectOption = Text("--subject", "NAME", "\"CN=device-1,O=Example\"; default CN=<host name>.");
    private static readonly Option<string[]> DnsOption = Texts("--dns", "NAME", "DNS name to ask for; may be repeated.");
    private static readonly Option<string[]> IpOption = Texts("--ip", "ADDRESS", "IP address to ask for; may be repeated.");
    private static readonly Option<string[]> EmailOption = Texts("--email", "ADDRESS", "Mail address to ask for; may be repeated.");
    private static readonly Option<string[]> UriOption = Texts("--uri", "URI", "URI to ask for; may be repeated.");
    private static readonly Option<string[]> UpnOption = Texts("--upn", "NAME", "User principal name to ask for; may be repeated.");
    private static readonly Option<string?> KeyOption =
        Text("--key", "FILE", "Existing RSA or EC key (PEM) to enrol; without it a new one is made.");
    private static readonly Option<string?> KeyTypeOption = Text("--key-type", "TYPE", "The new key: rsa-2048 (default), rsa-3072, "
        + "rsa-4096, ec-p256, ec-p384 or ec-p521. Not every SCEP server can answer an EC key; certctl can.");
    private static readonly Option<string?> PassphraseOption =
        Text("--key-passphrase-file", "FILE", "Passphrase that encrypts the new key and opens encrypted key files.");
    private static readonly Option<string?> OutOption =
        Text("--out", "DIR", "Folder for device.key, device.crt and chain.crt; default the current one.");
    private static readonly Option<string?> CertOption = Text("--cert", "FILE", "Where the certificate goes.");
    private static readonly Option<string?> KeyOutOption = Text("--key-out", "FILE", "Where the new key goes (mode 0600).");
    private static readonly Option<string?> ChainOption = Text("--chain", "FILE", "Where the issuers' certificates go.");
    private static readonly Option<bool> ForceOption =
        Flag("--force", "Replace an existing key file, once the new certificate has been verified.");
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
    private static readonly Option<string?> OldCertOption = Text("--old-cert", "FILE", "The certificate to renew.");
    private static readonly Option<string?> OldKeyOption = Text("--old-key", "FILE", "Its private key.");
    private static readonly Option<bool> ResumeOption =
        Flag("--resume", "Fetch the answer to an earlier request that was left pending; takes its key from --key or from <key file>.new.");
    private static readonly Option<string?> IntervalOption =
        Text("--poll-interval", "TIME", "How often to ask while the request is pending; default 10s.");
    private static readonly Option<string?> TimeoutOption =
        Text("--timeout", "TIME", "How long to wait for a pending request; default 5m.");
    private static readonly Option<bool> JsonOption = Flag("--json", "The result as one JSON object on one line.");

    public static IEnumerable<Option> All =>
    [
        ChallengeOption, ChallengeFileOption, SubjectOption, DnsOption, IpOption, EmailOption, UriOption, UpnOption, KeyOption,
        KeyTypeOption, PassphraseOption, OutOption,
        CertOption, KeyOutOption, ChainOption, ForceOption, CaCertOption, FingerprintOption, DigestOption, CipherOption, GetOption,
        RenewOption, OldCertOption, OldKeyOption,
        ResumeOption, IntervalOption, TimeoutOption, JsonOption,
    ];

    public static Argument<string?> ServerArgument => UrlArgument;

    public Uri Url => ScepVerb.ServerUrl(parsed.GetValue(UrlArgument), environment);

    public TlsTrust Trust => ScepVerb.Trust(parsed.GetValue(CaCertOption), environment);

    public bool Json => parsed.GetValue(JsonOption);

    public bool Force => parsed.GetValue(ForceOption);

    public bool Resume => parsed.GetValue(ResumeOption);

    public bool Renew => parsed.GetValue(RenewOption);

    public string? Key => parsed.GetValue(KeyOption);

    public string? OldCert => parsed.GetValue(OldCertOption);

    public string? OldKey => parsed.GetValue(OldKeyOption);

    public TimeSpan PollInterval => ScepVerb.Duration("--poll-interval", parsed.GetValue(IntervalOption) ?? "10s");

    public TimeSpan Timeout => ScepVerb.Duration("--timeout", parsed.GetValue(TimeoutOption) ?? "5m");

    public DeviceKeyKind KeyKind => Choice(
        KeyTypeOption,
        DeviceKeyKind.Rsa2048,
        ("rsa-2048", DeviceKeyKind.Rsa2048),
        ("rsa-3072", DeviceKeyKind.Rsa3072),
        ("rsa-4096", DeviceKeyKind.Rsa4096),
        ("ec-p256", DeviceKeyKind.EcP256), ("ec-p384", DeviceKeyKind.EcP384), ("ec-p521", DeviceKeyKind.EcP521));

    /// <summary>Null without --key-passphrase-file.</summary>
    public string? Passphrase => parsed.GetValue(PassphraseOption) is { } file ? FirstSecret(file, "passphrase file") : null;

    public DeviceFiles Files
    {
        get
        {
            var folder = parsed.GetValue(OutOption) ?? "";
            return new DeviceFiles(
                parsed.GetValue(KeyOutOption) ?? Path.Combine(folder, "device.key"),
                parsed.GetValue(CertOption) ?? Path.Combine(folder, "device.crt"),
                parsed.GetValue(ChainOption) ?? Path.Combine(folder, "chain.crt"));
        }
    }

    public ScepChoices Choices => new()
    {
        CaFingerprint = parsed.GetValue(FingerprintOption) is { } hex ? CaFingerprint.Parse(hex) : null,
        UseGet = parsed.GetValue(GetOption),
        Digest = Choice<HashAlgorithmName?>(
            DigestOption,
            null,
            ("sha-256", HashAlgorithmName.SHA256),
            ("sha-384", HashAlgorithmName.SHA384),
            ("sha-512", HashAlgorithmName.SHA512),
            ("sha-1", HashAlgorithmName.SHA1)),
        Cipher = Choice<ScepCipher?>(
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
                return FirstSecret(file, "challenge file");
            // Left over from a first enrolment, the variable must not turn a renewal into a wrong guess.
            var value = parsed.GetValue(ChallengeOption) ?? (Renew ? null : environment("CERTCTL_CHALLENGE"));
            return string.IsNullOrEmpty(value) ? null : value;
        }
    }

    public RequestedNames Names => RequestedNames.From(parsed.GetValue(SubjectOption) ?? $"CN={Dns.GetHostName()}",
        parsed.GetValue(DnsOption) ?? [], parsed.GetValue(IpOption) ?? [], parsed.GetValue(EmailOption) ?? [],
        parsed.GetValue(UriOption) ?? [], parsed.GetValue(UpnOption) ?? []);

    /// <summary>Options that contradict one another or lack a partner.</summary>
    public void Check()
    {
        Refuse(Given(ChallengeOption) && Given(ChallengeFileOption), "--challenge and --challenge-file are both given.", "Leave one out.");
        Refuse(
            Given(KeyOption) && (Given(KeyOutOption) || Given(KeyTypeOption)),
            "--key brings an existing key, --key-out and --key-type are for a new one.",
            "Leave one out.");
        Refuse(Renew && (OldCert is null || OldKey is null), "--renew needs the old pair.", "Add --old-cert FILE --old-key FILE.");
        Refuse(!Renew && (OldCert is not null || OldKey is not null), "--old-cert and --old-key are for a renewal.", "Add --renew.");
        Refuse(Renew && new Option[] { SubjectOption, DnsOption, IpOption, EmailOption, UriOption, UpnOption }.Any(Given),
            "a renewal keeps the subject and the names of the old certificate.",
            "Leave out --subject, --dns, --ip, --email, --uri and --upn, or enrol anew with a challenge.");
    }

    private bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };

    private T Choice<T>(Option<string?> option, T standard, params (string Name, T Value)[] known)
    {
        if (parsed.GetValue(option) is not { } text)
            return standard;
        foreach (var (name, value) in known)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw ScepVerb.Misuse($"{option.Name} \"{ScepStageNames.Printable(text)}\" is not known.",
            $"Use one of: {string.Join(", ", known.Select(entry => entry.Name))}.");
    }

    private static string FirstSecret(string path, string what)
    {
        var text = ScepVerb.ReadFile(path, what, () => File.ReadAllText(path)).TrimEnd('\r', '\n');
        return text.Length > 0 ? text : throw new ScepClientException(
            ScepStage.Prepare, ScepClientFault.LocalFile, $"{what} {path} is empty.", "Put the secret into it.");
    }

    private static void Refuse(bool wrong, string message, string advice)
    {
        if (wrong)
            throw ScepVerb.Misuse(message, advice);
    }

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static Option<string[]> Texts(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };
}
