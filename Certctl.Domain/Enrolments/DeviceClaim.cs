namespace Certctl.Domain.Enrolments;

/// <summary>The device that a verified signed challenge vouches for.</summary>
/// <param name="Issuer">Claim <c>iss</c>: the connector.</param>
/// <param name="Subject">Claim <c>sub</c>: the device, as its management knows it.</param>
/// <param name="DeviceName">Claim <c>device_name</c>; null when the challenge has none.</param>
/// <param name="TokenSha256">32 octets: SHA-256 over what was signed (header and payload as received),
/// so that another encoding of the signature makes no other challenge.</param>
public sealed record DeviceClaim(string Issuer, string Subject, string? DeviceName, ReadOnlyMemory<byte> TokenSha256);
