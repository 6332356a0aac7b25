using Certctl.Application.Issuers;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>An OCSP responder of one CA: a key, and the certificate that the CA gave it. The key stays behind this interface.</summary>
public interface IOcspSigner
{
    /// <summary>40 lower-case hex digits.</summary>
    string SerialNumber { get; }

    string Subject { get; }

    DateTimeOffset NotBefore { get; }

    DateTimeOffset NotAfter { get; }

    /// <summary>An OCSPResponse of status successful as DER, with the certificate in it. Throws when the key fails.</summary>
    byte[] Sign(OcspAnswer answer);
}

/// <summary>Makes responders, and keeps their keys where a folder is configured.</summary>
public interface IOcspSigners
{
    /// <summary>notBefore of the CA's certificate: no responder begins before it.</summary>
    DateTimeOffset StartOf(IPublishesStatus issuer);

    /// <summary>The one that was kept, when it belongs to this CA and has not ended; else null.</summary>
    IOcspSigner? Load(IPublishesStatus issuer, DateTimeOffset now);

    /// <summary>A new key with a new certificate. Throws when a key fails.</summary>
    IOcspSigner Create(IPublishesStatus issuer, DateTimeOffset notBefore, DateTimeOffset notAfter);

    /// <summary>Keeps it for the next start; where it cannot, says so in the log: nothing depends on it until then.</summary>
    void Keep(IPublishesStatus issuer, IOcspSigner signer);
}
