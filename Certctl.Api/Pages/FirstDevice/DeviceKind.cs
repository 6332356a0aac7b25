namespace Certctl.Api.Pages.FirstDevice;

/// <summary>What a device, or the system that manages it, must be told.</summary>
/// <param name="Url">Of the SCEP profile.</param>
/// <param name="Sha256">Of the CA certificate, in lower-case hex.</param>
/// <param name="Sha1">Likewise, for devices that know no other.</param>
/// <param name="ChallengeSetting">The variable that holds the challenge; the challenge itself is not shown.</param>
internal sealed record DeviceTarget(string Url, string Sha256, string Sha1, string ChallengeSetting);

/// <summary>A kind of device: what its operator does with the URL and the fingerprint (docs/clients.md has the evidence).</summary>
/// <param name="Hint">Where the fields are asked for; null: the command says it.</param>
/// <param name="Command">Null: nothing is typed.</param>
internal sealed record DeviceKind(string Title, string? Hint, Func<DeviceTarget, string>? Command = null)
{
    public static readonly DeviceKind CommandLine = new(
        Texts.CommandLine,
        null,
        target => $"certctl scep enroll {target.Url} --cacert CA.pem --ca-fingerprint {target.Sha256} --challenge-file FILE "
            + "--subject CN=device-1 --out ./device-1");

    public static readonly DeviceKind Apple = new("Apple", Texts.HintApple);

    public static readonly IReadOnlyList<DeviceKind> All =
    [
        CommandLine,
        Apple,
        new("Windows, Intune", Texts.HintIntune),
        new("ChromeOS", Texts.HintChromeOs),
        new("Cisco IOS", null, target => $"""
            crypto key generate rsa label certctl modulus 2048
            crypto pki trustpoint certctl
             enrollment url {target.Url}
             fingerprint {target.Sha1}
             subject-name CN=device-1
             rsakeypair certctl
            exit
            crypto pki authenticate certctl
            crypto pki enroll certctl
            """),
        new("MikroTik", null, target => $"""
            /certificate add name=device-1 common-name=device-1 key-size=2048
            /certificate add-scep template=device-1 scep-url={target.Url} challenge-password=CHALLENGE
            """),
        new(Texts.OtherDevice, Texts.HintOther),
    ];
}
