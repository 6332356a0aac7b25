using System.CommandLine;
using System.Net;
using Certctl.Api.Commands.Scep;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Api.Commands.Est;

/// <summary>The options of <c>certctl est enroll</c>, <c>renew</c> and <c>serverkeygen</c> beside those of the server.</summary>
internal sealed class EstEnrollOptions(ParseResult parsed, EstOperation operation)
{
    private static readonly Option<string?> SubjectOption = Text("--subject", "NAME", "\"CN=device-1,O=Example\"; default CN=<host name>.");
    private static readonly Option<string[]> DnsOption = Texts("--dns", "NAME", "DNS name to ask for; may be repeated.");
    private static readonly Option<string[]> IpOption = Texts("--ip", "ADDRESS", "IP address to ask for; may be repeated.");
    private static readonly Option<string[]> EmailOption = Texts("--email", "ADDRESS", "Mail address to ask for; may be repeated.");
    private static readonly Option<string[]> UriOption = Texts("--uri", "URI", "URI to ask for; may be repeated.");
    private static readonly Option<string[]> UpnOption = Texts("--upn", "NAME", "User principal name to ask for; may be repeated.");
    private static readonly Option<string?> KeyOption =
        Text("--key", "FILE", "Existing RSA or EC key (PEM) to enrol; without it a new one is made.");
    private static readonly Option<string?> KeyTypeOption = Text("--key-type", "TYPE",
        "The new key: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521; default: what the server asks for, else rsa-2048.");
    private static readonly Option<bool> EncryptOption = Flag("--encrypt-key",
        "Ask for the private key encrypted to --client-cert (CMS EnvelopedData), on top of TLS; a server may not offer this.");
    private static readonly Option<string?> OutOption =
        Text("--out", "DIR", "Folder for device.key, device.crt and chain.crt; default the current one.");
    private static readonly Option<string?> CertOption = Text("--cert", "FILE", "Where the certificate goes.");
    private static readonly Option<string?> KeyOutOption = Text("--key-out", "FILE", "Where the new key goes (mode 0600).");
    private static readonly Option<string?> ChainOption = Text("--chain", "FILE", "Where the issuers' certificates go.");
    private static readonly Option<bool> ForceOption =
        Flag("--force", "Replace an existing key file, once the new certificate has been verified.");
    private static readonly Option<string?> OldCertOption = Text("--old-cert", "FILE", "The certificate to renew.");
    private static readonly Option<string?> OldKeyOption = Text("--old-key", "FILE", "Its private key.");
    private static readonly Option<bool> IgnoreOption =
        Flag("--ignore-csrattrs", "Do not ask the server what it wants in a request; it may refuse the request then.");
    private static readonly Option<bool> ResumeOption = Flag("--resume",
        "Send the request of an earlier run that was left pending; it and its key are beside the key file (.csr, .new).");
    private static readonly Option<string?> IntervalOption = Text("--poll-interval", "TIME",
        "How often to ask while the request is pending and the server does not say when (Retry-After); default 10s.");
    private static readonly Option<string?> TimeoutOption =
        Text("--timeout", "TIME", "How long to wait for a pending request; default 5m.");

    private static readonly Option[] Names = [SubjectOption, DnsOption, IpOption, EmailOption, UriOption, UpnOption];

    private static readonly Option[] Common =
        [KeyTypeOption, OutOption, CertOption, KeyOutOption, ChainOption, ForceOption, IgnoreOption, ResumeOption, IntervalOption,
            TimeoutOption];

    public bool Force => parsed.GetValue(ForceOption);

    public bool Resume => parsed.GetValue(ResumeOption);

    public bool IgnoresAttributes => parsed.GetValue(IgnoreOption);

    public bool EncryptsKey => operation == EstOperation.ServerKeygen && parsed.GetValue(EncryptOption);

    public string? Key => operation == EstOperation.ServerKeygen ? null : parsed.GetValue(KeyOption);

    public string? OldCert => operation == EstOperation.SimpleReenroll ? parsed.GetValue(OldCertOption) : null;

    public string? OldKey => operation == EstOperation.SimpleReenroll ? parsed.GetValue(OldKeyOption) : null;

    public TimeSpan PollInterval => ScepVerb.Duration("--poll-interval", parsed.GetValue(IntervalOption) ?? "10s");

    public TimeSpan Timeout => ScepVerb.Duration("--timeout", parsed.GetValue(TimeoutOption) ?? "5m");

    /// <summary>Null where the server may choose.</summary>
    public DeviceKeyKind? KeyKind => parsed.GetValue(KeyTypeOption)?.ToLowerInvariant() switch
    {
        null => null,
        "rsa-2048" => DeviceKeyKind.Rsa2048,
        "rsa-3072" => DeviceKeyKind.Rsa3072,
        "rsa-4096" => DeviceKeyKind.Rsa4096,
        "ec-p256" => DeviceKeyKind.EcP256,
        "ec-p384" => DeviceKeyKind.EcP384,
        "ec-p521" => DeviceKeyKind.EcP521,
        var other => throw EstVerb.Misuse($"--key-type \"{ScepStageNames.Printable(other)}\" is not known.",
            "Use one of: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384, ec-p521."),
    };

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

    public RequestedNames RequestedNames => RequestedNames.From(parsed.GetValue(SubjectOption) ?? $"CN={Dns.GetHostName()}",
        parsed.GetValue(DnsOption) ?? [], parsed.GetValue(IpOption) ?? [], parsed.GetValue(EmailOption) ?? [],
        parsed.GetValue(UriOption) ?? [], parsed.GetValue(UpnOption) ?? []);

    public static IEnumerable<Option> Of(EstOperation operation) => operation switch
    {
        EstOperation.SimpleEnroll => [.. Names, KeyOption, .. Common],
        EstOperation.SimpleReenroll => [OldCertOption, OldKeyOption, KeyOption, .. Common],
        EstOperation.ServerKeygen => [.. Names, EncryptOption, .. Common],
    };

    /// <summary>Options that contradict one another or lack a partner.</summary>
    public void Check()
    {
        if (Key is not null && (Given(KeyOutOption) || Given(KeyTypeOption)))
            throw EstVerb.Misuse("--key brings an existing key, --key-out and --key-type are for a new one.", "Leave one out.");
        if (operation == EstOperation.SimpleReenroll && (OldCert is null || OldKey is null))
            throw EstVerb.Misuse("a renewal needs the old pair.", "Add --old-cert FILE --old-key FILE.");
        _ = (KeyKind, PollInterval, Timeout);
    }

    private bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static Option<string[]> Texts(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };
}
