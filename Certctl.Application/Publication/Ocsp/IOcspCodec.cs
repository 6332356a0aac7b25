using Certctl.Application.Issuers;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>Reads OCSP requests.</summary>
public interface IOcspCodec
{
    /// <summary>
    /// Null, with the defect in words, for what is to be answered malformedRequest. Keeps slices of <paramref name="der"/>.
    /// </summary>
    OcspRequest? Read(ReadOnlyMemory<byte> der, out string? defect);

    /// <summary>True when the hashes of a CertID are those of this CA's name and key.</summary>
    bool Names(OcspCertId certId, IPublishesStatus issuer);

    /// <summary>A request for one certificate of this CA, with SHA-1 hashes.</summary>
    /// <param name="serialNumber">40 lower-case hex digits.</param>
    OcspRequest Ask(IPublishesStatus issuer, string serialNumber);
}
