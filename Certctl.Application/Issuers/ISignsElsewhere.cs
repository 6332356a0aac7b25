using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Issuers;

/// <summary>
/// Signs outside of this process: it may be slow, answer later, or sign without the answer reaching us. It is asked only for what is
/// reserved (ADR 37).
/// </summary>
public interface ISignsElsewhere : ICertificateIssuer
{
    /// <summary>
    /// Asks for the certificate of a reservation. <c>reserved.Id</c> is the idempotency key: an issuer that knows such keys is to be told
    /// it, and must not sign twice under one. Returns or throws soon after it is cancelled: the right to ask ends a little later. Throws
    /// when the CA cannot be reached or fails; what became of the request is then unknown, and <see cref="IRecallsRequests"/> is asked
    /// about it before anything else.
    /// </summary>
    /// <param name="reserved">As stored: CSR, path, certificate profile and protocol, which go into
    /// <see cref="Domain.Certificates.IssuedCertificate"/>.</param>
    /// <param name="template">What the profile approved. The issuer may change the serial number and the validity, never the key.</param>
    Task<IssuerAnswer> RequestAsync(Enrolment reserved, CertificateTemplate template, CancellationToken cancellationToken);
}

/// <summary>
/// Can say what became of a request. An issuer without it is asked once for each reservation: if its answer is lost, the request waits
/// until the reservation lapses and is then refused.
/// </summary>
public interface IRecallsRequests
{
    /// <summary>
    /// What became of the request of this reservation; null: it never arrived, and may be made again. Throws when the CA cannot be reached
    /// or cannot tell.
    /// </summary>
    /// <param name="reserved">Its Id is the idempotency key; its IssuerReference the issuer's own name for the request, null as long as
    /// none is known.</param>
    Task<IssuerAnswer?> RecallAsync(Enrolment reserved, CancellationToken cancellationToken);
}
