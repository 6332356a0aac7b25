using Certctl.Application.Publication;

namespace Certctl.Application.Issuers;

/// <summary>Has its CRLs signed here.</summary>
public interface IPublishesCrls : ICertificateIssuer
{
    /// <summary>Signs this CA's CRLs; null when the CA may not sign any.</summary>
    ICrlWriter? Crls { get; }
}
