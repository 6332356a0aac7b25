using Certctl.Domain.Certificates;

namespace Certctl.Application.Issuers;

/// <summary>
/// One CA: what every issuer can say of itself. How it signs is said by one of <see cref="ISignsInProcess"/> and
/// <see cref="ISignsElsewhere"/>; what only some issuers can do is an interface of its own.
/// </summary>
public interface ICertificateIssuer
{
    /// <summary>For example <c>iss-local</c>. All generations of a CA have the same.</summary>
    string IssuerId { get; }

    /// <summary>DER certificates, the issuing CA first, then every issuer above it as far as known.</summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    /// <summary>The name that stands as issuer in its certificates.</summary>
    SubjectName Name { get; }

    /// <summary>NotAfter of the issuing CA's certificate: no leaf outlives it.</summary>
    DateTimeOffset NotAfter { get; }

    /// <summary>
    /// True for a certificate that this very CA signed, and not another generation of it: by issuer name and authorityKeyIdentifier.
    /// </summary>
    bool HasIssued(IssuedCertificate certificate);

    /// <summary>Finds out whether it can issue now, without a certificate that counts. Empty: it can; else each reason why not.</summary>
    Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken);
}
