using Certctl.Domain.Profiles;

namespace Certctl.Application.Issuers;

/// <summary>
/// Signs within this process, at once. A certificate that was signed and not recorded leaves nothing behind, so it is signed first and
/// recorded in one transaction, without a reservation (ADR 37).
/// </summary>
public interface ISignsInProcess : ICertificateIssuer
{
    /// <summary>
    /// Signs <paramref name="template"/> under a fresh serial number of 159 random bits (RFC 5280 §4.1.2.2), shortened to the CA's own
    /// life, or refuses;
    /// it never answers <see cref="IssuerAnswer.Pending"/>. Throws when its key fails: an accident, not a refusal.
    /// </summary>
    /// <param name="template">What a profile approved.</param>
    /// <param name="pathId">PathID of the endpoint, kept with the certificate.</param>
    /// <param name="source">The protocol of the request, for example <c>SCEP</c>.</param>
    Task<IssuerAnswer> SignAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken);
}
