using System.CommandLine;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient.Messages;
using static Certctl.Api.Commands.Enrolling.OptionForms;

namespace Certctl.Api.Commands.Est;

/// <summary>The options of <c>certctl est enroll</c>, <c>renew</c> and <c>serverkeygen</c> beside those of the server.</summary>
internal sealed class EstEnrollOptions(ParseResult parsed, EstOperation operation)
{
    private static readonly Option<string?> KeyTypeOption = Text("--key-type", "TYPE",
        "The new key: rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384 or ec-p521; default: what the server asks for, else rsa-2048.");
    private static readonly Option<bool> EncryptOption = Flag("--encrypt-key",
        "Ask for the private key encrypted to --client-cert (CMS EnvelopedData), on top of TLS; a server may not offer this.");
    private static readonly Option<bool> IgnoreOption =
        Flag("--ignore-csrattrs", "Do not ask the server what it wants in a request; it may refuse the request then.");
    private static readonly Option<bool> ResumeOption = Flag("--resume",
        "Send the request of an earlier run that was left pending; it and its key are beside the key file (.csr, .new).");
    private static readonly Option<string?> IntervalOption = Text("--poll-interval", "TIME",
        "How often to ask while the request is pending and the server does not say when (Retry-After); default 10s.");

    private static readonly Option[] Common =
        [KeyTypeOption, .. EnrolOptions.OfFiles, IgnoreOption, ResumeOption, IntervalOption, EnrolOptions.TimeoutOption];

    /// <summary>Those of every protocol.</summary>
    public EnrolOptions Enrol { get; } = new(parsed);

    public bool Resume => parsed.GetValue(ResumeOption);

    public bool IgnoresAttributes => parsed.GetValue(IgnoreOption);

    public bool EncryptsKey => operation == EstOperation.ServerKeygen && parsed.GetValue(EncryptOption);

    public TimeSpan PollInterval => ClientVerb.Duration("--poll-interval", parsed.GetValue(IntervalOption) ?? "10s");

    /// <summary>Null where the server may choose.</summary>
    public DeviceKeyKind? KeyKind => Enrol.KeyKind(KeyTypeOption);

    public static IEnumerable<Option> Of(EstOperation operation) => operation switch
    {
        EstOperation.SimpleEnroll => [.. EnrolOptions.OfNames, EnrolOptions.KeyOption, .. Common],
        EstOperation.SimpleReenroll =>
            [EnrolOptions.OldCertOption, EnrolOptions.OldKeyOption, EnrolOptions.KeyOption, .. Common],
        EstOperation.ServerKeygen => [.. EnrolOptions.OfNames, EncryptOption, .. Common],
    };

    /// <summary>Options that contradict one another or lack a partner.</summary>
    public void Check()
    {
        Enrol.CheckKey(KeyTypeOption);
        if (operation == EstOperation.SimpleReenroll && (Enrol.OldCert is null || Enrol.OldKey is null))
            throw EstVerb.Misuse("a renewal needs the old pair.", "Add --old-cert FILE --old-key FILE.");
        _ = (KeyKind, PollInterval, Enrol.Timeout);
    }
}
