using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolments;

/// <summary>A certification authority that signs what a profile has vetted. The private key stays behind this seam.</summary>
public interface ICertificateIssuer
{
    /// <summary>For example <c>iss-local</c>.</summary>
    string IssuerId { get; }

    /// <summary>DER certificates, the issuing CA first, then every issuer above it as far as known.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    /// <summary>The name that stands as issuer in its certificates.</summary>
    SubjectName Name { get; }

    /// <summary>True for a certificate that this very CA signed, and not another generation of it: by issuer name and authorityKeyIdentifier.</summary>
    bool HasIssued(IssuedCertificate certificate);

    /// <summary>Signs this CA's CRLs; null when the CA may not sign any.</summary>
    ICrlWriter? Crls { get; }

    /// <summary>NotAfter of the issuing CA's certificate: no leaf outlives it.</summary>
    DateTimeOffset NotAfter { get; }

    /// <summary>Why this CA must not sign what a profile approved, for example because its own certificate constrains the names below it; null when it may.</summary>
    EnrolmentFailure? FindObstacle(CertificateTemplate template);

    /// <summary>
    /// Signs <paramref name="template"/> under a fresh serial number of 159 random bits (RFC 5280 §4.1.2.2), shortened to the CA's own life.
    /// Throws when the CA cannot be reached or its key fails: an accident, not a refusal.
    /// Throws too for what <see cref="FindObstacle"/> would have refused: whoever asks has to have looked.
    /// </summary>
    /// <param name="template">What a profile approved.</param>
    /// <param name="pathId">PathID of the endpoint, kept with the certificate.</param>
    /// <param name="source">The protocol of the request: <c>SCEP</c>.</param>
    Task<IssuedCertificate> IssueAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken);

    /// <summary>Signs something that is thrown away, and looks at the CA's certificate as of now. Empty: it can issue; else each reason why not.</summary>
    Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken);
}
