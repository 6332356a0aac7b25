namespace Certctl.Infrastructure.ScepClient;

/// <summary>A FAILURE of the server: final for this request.</summary>
/// <param name="Code">failInfo as sent.</param>
/// <param name="Text">failInfoText, made printable; null when the server does not say.</param>
public sealed record ScepRefusal(string Code, string? Text)
{
    // What a failInfoText speaks of, the more special words first. The texts are this product's own;
    // "challenge" and the like stand in those of other servers too.
    private static readonly (string Words, string Advice)[] AdviceByText =
    [
        ("signed challenge",
            "Obtain a new challenge for this device and this URL; it is good for one request and for a short time. "
                + "If it is refused again, compare the clocks."),
        ("challenge", "Check CERTCTL_CHALLENGE, --challenge-file or --challenge."),
        ("renewal must keep", "The names of --old-cert cannot be changed by a renewal: enrol anew, with a challenge and without --renew."),
        ("too early to renew", "Run the same command again closer to the end of --old-cert."),
        ("renewal needs a new key", "Leave out --key, so that a new key is made."),
        ("signed the renewal was not issued here",
            "Check that --old-cert was issued by the server at this URL; otherwise enrol anew, with a challenge and without --renew."),
        ("signed the renewal belongs to another profile", "Check the URL: it must be that of the profile which issued --old-cert."),
        ("signed the renewal", "--old-cert cannot vouch for its renewal any more: enrol anew, with a challenge and without --renew."),
        ("alternative name",
            "Check --dns, --ip, --email, --uri and --upn; the operator of the server knows which names the certificate profile allows."),
        ("subject", "Check --subject; the operator of the server knows which subjects the certificate profile allows."),
        ("attribute that the certificate profile requires",
            "The certificate profile wants an attribute that this command does not send: ask the operator of the server."),
        ("too many certificates", "Run the same command again later; the text says when, if the server knows."),
        ("compliance", "The device is not compliant, or that could not be found out: ask those who manage the device."),
        ("operator denied", "Ask the operator of the server for the reason."),
        ("changed since it was approved", "Run the command again without --resume: the operator is asked about the names of today."),
        ("was not decided in time", "Run the command again without --resume."),
        ("ca refused", "Ask the operator of the server for the reason: the CA behind it refuses what the server approved."),
        ("ca has not answered", "Run the command again later, without --resume; the CA behind the server does not answer."),
        ("transactionid", "Run the command again without --resume; with --resume, name the key of the pending request with --key."),
        ("was revoked",
            "Delete the key draft (*.key.new) or leave out --key, and run the command again: the new key makes it a new request."),
        ("profile is not available", "The operator of the server must enable the certificate profile."),
        ("close to its end", "The operator of the server must renew its CA."),
        ("replies are encrypted to the key", "Use --key-type rsa-2048 or ec-p256."),
        ("ra certificate",
            "Run the command again; if that does not help, `certctl scep probe` shows the certificates that the server hands out."),
        ("key algorithm or size", "Choose another --key-type; the operator of the server knows which keys the certificate profile allows."),
        ("rsa key is unsafe", "Leave out --key, so that a new key is made."),
        ("algorithm", "Try --digest sha-256 and --cipher aes-128, and a key of 2048 bits or more."),
        ("time", "Compare the clocks of this machine and of the server."),
    ];

    /// <summary>RFC 8894 §3.2.1.4.</summary>
    public string Name => Code switch
    {
        "0" => "badAlg",
        "1" => "badMessageCheck",
        "2" => "badRequest",
        "3" => "badTime",
        "4" => "badCertId",
        _ => $"failInfo {ScepStageNames.Printable(Code)}",
    };

    /// <summary>What to do, by the failInfoText where it says what is wrong, else by the failInfo.</summary>
    public string Advice =>
        Array.Find(AdviceByText, known => Text?.Contains(known.Words, StringComparison.OrdinalIgnoreCase) ?? false).Advice ?? AdviceByCode;

    private string AdviceByCode => Code switch
    {
        "0" => "The server does not accept an algorithm or the key: try --digest sha-256, --cipher aes-128 or another --key-type.",
        "1" => "The server could not verify or decrypt the message. Check with `certctl scep probe` that its RA certificate is current; "
            + "when renewing, that --old-cert is "
            + "a valid certificate of this CA and --old-key belongs to it.",
        "2" =>
            "The server does not say what is wrong: its audit log has the reason. Check the challenge, the subject, the names and the key.",
        "3" => "The clock of this machine or of the server is wrong.",
        "4" => "The server knows no such request or certificate: run the command again without --resume.",
        _ => "The server's audit log has the reason.",
    };
}
