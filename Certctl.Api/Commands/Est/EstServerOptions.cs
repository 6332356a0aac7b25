using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using static Certctl.Api.Commands.Enrolling.OptionForms;

namespace Certctl.Api.Commands.Est;

/// <summary>The options of every EST verb: which server, what is trusted at first, and who asks.</summary>
internal sealed class EstServerOptions(ParseResult parsed, Func<string, string?> environment, Func<string?> askPassword)
{
    private static readonly Argument<string?> UrlArgument = new("URL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The EST server, for example https://host:8443 or, with a CA label, https://host:8443/.well-known/est/devices. "
            + "Without it: CERTCTL_EST_URL.",
    };

    private static readonly Option<string?> CaCertOption =
        Text("--cacert", "FILE", "PEM file with the roots to trust for TLS. Without it and without --ca-fingerprint: CERTCTL_CA_FILE, else "
            + "the roots of this machine.");
    private static readonly Option<string?> FingerprintOption =
        Text("--ca-fingerprint", "HEX", "SHA-256 (or SHA-1, SHA-384, SHA-512) of the CA certificate: everything must chain to it. Without "
            + "--cacert the TLS server must chain to it as well.");
    private static readonly Option<string?> ClientCertOption =
        Text("--client-cert", "FILE", "Certificate (PEM) that says who asks, by TLS; those behind it are sent as its chain.");
    private static readonly Option<string?> ClientKeyOption = Text("--client-key", "FILE", "Its private key.");
    private static readonly Option<string?> UserOption =
        Text("--user", "NAME", "User name for HTTP Basic. It and the password are sent once the server has asked for them, by TLS alone.");
    private static readonly Option<string?> PasswordFileOption = Text("--password-file", "FILE",
        "File with the password; a line end after it is left out. Without it: CERTCTL_EST_PASSWORD, else a prompt where --user is given.");
    private static readonly Option<string?> PassphraseOption =
        Text("--key-passphrase-file", "FILE", "Passphrase that opens encrypted key files, and encrypts a new key.");
    private static readonly Option<bool> JsonOption = Flag("--json", "The result as one JSON object on one line.");

    public static Argument<string?> ServerArgument => UrlArgument;

    /// <summary>Those of who asks are not among the options of a renewal, which asks with the old certificate.</summary>
    public static IEnumerable<Option> OfIdentity => [ClientCertOption, ClientKeyOption];

    public static IEnumerable<Option> OfServer =>
        [CaCertOption, FingerprintOption, UserOption, PasswordFileOption, PassphraseOption, JsonOption];

    public bool Json => parsed.GetValue(JsonOption);

    public EstUrl Url
    {
        get
        {
            var text = parsed.GetValue(UrlArgument) ?? environment("CERTCTL_EST_URL");
            if (string.IsNullOrWhiteSpace(text))
                throw EstVerb.Misuse("no EST URL was given.", "Name it, for example https://host:8443, or set CERTCTL_EST_URL.");

            // An option that does not exist is taken for the URL when that is left out.
            return text.StartsWith('-')
                ? throw EstVerb.Misuse($"there is no option {ScepStageNames.Printable(text)}.", "See --help.")
                : EstUrl.Parse(text);
        }
    }

    /// <summary>A fingerprint that is given says whom to trust; the environment's roots do not come beside it.</summary>
    public EstFirstTrust FirstTrust
    {
        get
        {
            var fingerprint = parsed.GetValue(FingerprintOption) is { } hex ? CaFingerprint.Parse(hex) : null;
            var file = parsed.GetValue(CaCertOption);
            return new EstFirstTrust(fingerprint is not null && file is null ? null : ClientVerb.Trust(file, environment), fingerprint);
        }
    }

    /// <summary>Null without --key-passphrase-file.</summary>
    public string? Passphrase => parsed.GetValue(PassphraseOption) is { } file ? ClientVerb.ReadSecret(file, "passphrase file") : null;

    /// <summary>Null where neither user nor password is known.</summary>
    public EstCredentials? Credentials
    {
        get
        {
            var user = parsed.GetValue(UserOption);
            if (user?.Contains(':', StringComparison.Ordinal) ?? false)
                throw EstVerb.Misuse("--user holds a colon, which HTTP Basic does not allow (RFC 7617 §2).", "Check the user name.");
            var password = parsed.GetValue(PasswordFileOption) is { } file
                ? ClientVerb.ReadSecret(file, "password file")
                : environment("CERTCTL_EST_PASSWORD");
            if (!string.IsNullOrEmpty(password))
                return new EstCredentials(user ?? "", () => password);
            return user is null ? null : new EstCredentials(user, askPassword);
        }
    }

    /// <summary>Of --client-cert and --client-key; null without them.</summary>
    public EstIdentity? Identity()
    {
        var (certificate, key) = (parsed.GetValue(ClientCertOption), parsed.GetValue(ClientKeyOption));
        if (certificate is null != key is null)
            throw EstVerb.Misuse("--client-cert and --client-key belong together.", "Give both or neither.");
        return certificate is null ? null : IdentityOf(certificate, key!);
    }

    /// <summary>The pair in these two files.</summary>
    public EstIdentity IdentityOf(string certificateFile, string keyFile)
    {
        using var key = DeviceKey.Load(keyFile, Passphrase);
        return EstIdentity.From(CertificatesOf(certificateFile), key, certificateFile);
    }

    /// <summary>At least one, in the order of the file.</summary>
    public static IReadOnlyList<X509Certificate2> CertificatesOf(string path)
    {
        var found = new X509Certificate2Collection();
        ClientVerb.ReadFile(path, "certificate", () =>
        {
            found.ImportFromPemFile(path);
            if (found.Count == 0)
                found.Add(X509CertificateLoader.LoadCertificateFromFile(path));
            return found;
        });
        return [.. found];
    }
}
