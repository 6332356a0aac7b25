using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>What a signed answer says (RFC 6960 §4.2.1, ResponseData). All times in whole seconds.</summary>
/// <param name="ThisUpdate">Also producedAt.</param>
/// <param name="Nonce">As <see cref="OcspRequest.Nonce"/>.</param>
public sealed record OcspAnswer(
    DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, IReadOnlyList<OcspEntry> Entries, ReadOnlyMemory<byte>? Nonce);

/// <summary>The answer to one entry of the request.</summary>
/// <param name="CertId">As it was asked, octet by octet.</param>
/// <param name="RevokedAt">Of a revoked certificate alone, as is <paramref name="Reason"/>.</param>
/// <param name="HasEnded">The certificate's notAfter is past: what is known of it is kept beyond that (RFC 6960 §4.4.4).</param>
public sealed record OcspEntry(
    ReadOnlyMemory<byte> CertId, CertificateStatus Status, DateTimeOffset? RevokedAt, RevocationReason? Reason, bool HasEnded)
{
    /// <summary>Of a revoked certificate: since when its key is known or thought to be compromised; null: not known.</summary>
    public DateTimeOffset? InvalidSince { get; init; }
}

/// <summary>RFC 6960 §2.2.</summary>
public enum CertificateStatus
{
    Good,
    Revoked,

    /// <summary>This CA did not issue it.</summary>
    Unknown,
}
