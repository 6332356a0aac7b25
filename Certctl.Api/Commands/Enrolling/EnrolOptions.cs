using System.CommandLine;
using System.Net;
using Certctl.Infrastructure.ScepClient.Messages;
using static Certctl.Api.Commands.Enrolling.OptionForms;

namespace Certctl.Api.Commands.Enrolling;

/// <summary>The options that an enrolment has in every protocol: names, key, files, and how long to wait.</summary>
internal sealed class EnrolOptions(ParseResult parsed)
{
    public static readonly Option<string?> KeyOption =
        Text("--key", "FILE", "Existing RSA or EC key (PEM) to enrol; without it a new one is made.");
    public static readonly Option<string?> OldCertOption = Text("--old-cert", "FILE", "The certificate to renew.");
    public static readonly Option<string?> OldKeyOption = Text("--old-key", "FILE", "Its private key.");
    public static readonly Option<string?> TimeoutOption =
        Text("--timeout", "TIME", "How long to wait for a pending request; default 5m.");

    private static readonly Option<string?> SubjectOption = Text("--subject", "NAME", "\"CN=device-1,O=Example\"; default CN=<host name>.");
    private static readonly Option<string[]> DnsOption = Texts("--dns", "NAME", "DNS name to ask for; may be repeated.");
    private static readonly Option<string[]> IpOption = Texts("--ip", "ADDRESS", "IP address to ask for; may be repeated.");
    private static readonly Option<string[]> EmailOption = Texts("--email", "ADDRESS", "Mail address to ask for; may be repeated.");
    private static readonly Option<string[]> UriOption = Texts("--uri", "URI", "URI to ask for; may be repeated.");
    private static readonly Option<string[]> UpnOption = Texts("--upn", "NAME", "User principal name to ask for; may be repeated.");
    private static readonly Option<string?> OutOption =
        Text("--out", "DIR", "Folder for device.key, device.crt and chain.crt; default the current one.");
    private static readonly Option<string?> CertOption = Text("--cert", "FILE", "Where the certificate goes.");
    private static readonly Option<string?> KeyOutOption = Text("--key-out", "FILE", "Where the new key goes (mode 0600).");
    private static readonly Option<string?> ChainOption = Text("--chain", "FILE", "Where the issuers' certificates go.");
    private static readonly Option<bool> ForceOption =
        Flag("--force", "Replace an existing key file, once the new certificate has been verified.");

    private static readonly (string Name, DeviceKeyKind? Value)[] KeyKinds =
    [
        ("rsa-2048", DeviceKeyKind.Rsa2048), ("rsa-3072", DeviceKeyKind.Rsa3072), ("rsa-4096", DeviceKeyKind.Rsa4096),
        ("ec-p256", DeviceKeyKind.EcP256), ("ec-p384", DeviceKeyKind.EcP384), ("ec-p521", DeviceKeyKind.EcP521),
    ];

    /// <summary>What is asked for.</summary>
    public static readonly IReadOnlyList<Option> OfNames = [SubjectOption, DnsOption, IpOption, EmailOption, UriOption, UpnOption];

    /// <summary>Where it goes.</summary>
    public static readonly IReadOnlyList<Option> OfFiles = [OutOption, CertOption, KeyOutOption, ChainOption, ForceOption];

    public bool Force => parsed.GetValue(ForceOption);

    /// <summary>An existing one; null: a new one is made.</summary>
    public string? Key => parsed.GetValue(KeyOption);

    public string? OldCert => parsed.GetValue(OldCertOption);

    public string? OldKey => parsed.GetValue(OldKeyOption);

    public TimeSpan Timeout => ClientVerb.Duration("--timeout", parsed.GetValue(TimeoutOption) ?? "5m");

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

    public RequestedNames Names => RequestedNames.From(parsed.GetValue(SubjectOption) ?? $"CN={Dns.GetHostName()}",
        parsed.GetValue(DnsOption) ?? [], parsed.GetValue(IpOption) ?? [], parsed.GetValue(EmailOption) ?? [],
        parsed.GetValue(UriOption) ?? [], parsed.GetValue(UpnOption) ?? []);

    /// <summary>Null without the option.</summary>
    /// <param name="keyType">The one of the protocol, which says what is made without it.</param>
    public DeviceKeyKind? KeyKind(Option<string?> keyType) => parsed.Choice(keyType, null, KeyKinds);

    /// <summary>Options of a new key beside an existing one.</summary>
    public void CheckKey(Option<string?> keyType)
    {
        if (Key is not null && (parsed.Given(KeyOutOption) || parsed.Given(keyType)))
            throw ClientVerb.Misuse(
                "--key brings an existing key, --key-out and --key-type are for a new one.", "Leave one out.");
    }
}
