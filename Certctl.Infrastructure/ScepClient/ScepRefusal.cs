namespace Certctl.Infrastructure.ScepClient;

/// <summary>A FAILURE of the server: final for this request.</summary>
/// <param name="Code">failInfo as sent.</param>
/// <param name="Text">failInfoText, made printable; null when the server does not say.</param>
public sealed record ScepRefusal(string Code, string? Text)
{
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

    public string Advice => Code switch
    {
        "0" => "The server does not accept an algorithm or the key: try --digest sha-256, --cipher aes-128 or a larger --key-type.",
        "1" => "The server could not verify or decrypt the message. Check with `certctl scep probe` that its RA certificate is current; when renewing, that --old-cert is "
            + "a valid certificate of this CA and --old-key belongs to it.",
        "2" => "Most often the challenge is wrong, used up or expired, or the profile does not allow the subject, a name or the key. The server's audit log has the reason.",
        "3" => "The clock of this machine or of the server is wrong.",
        "4" => "The server knows no such request or certificate: run the command again without --resume.",
        _ => "The server's audit log has the reason.",
    };
}
