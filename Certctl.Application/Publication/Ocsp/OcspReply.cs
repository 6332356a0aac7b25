namespace Certctl.Application.Publication.Ocsp;

/// <summary>What goes to the relying party, always with HTTP status 200 (RFC 6960 §A.2).</summary>
/// <param name="Der">OCSPResponse.</param>
/// <param name="Validity">Of an answer that caches may keep (RFC 9919 §6.2); null: errors, answers that repeat a nonce, and those that say
/// of a certificate that it is unknown, since it may be issued the next moment.</param>
public sealed record OcspReply(byte[] Der, OcspValidity? Validity)
{
    private static readonly OcspReply[] Errors =
        [.. Enum.GetValues<OcspError>().Select(error => new OcspReply([0x30, 0x03, 0x0A, 0x01, (byte)error], Validity: null))];

    /// <summary>RFC 6960 §4.2.1: responseStatus alone, without responseBytes.</summary>
    public static OcspReply Of(OcspError error) => Errors[error - OcspError.MalformedRequest];
}

public sealed record OcspValidity(DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate);

/// <summary>OCSPResponseStatus other than successful, with its number (RFC 6960 §4.2.1).</summary>
public enum OcspError
{
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
}
