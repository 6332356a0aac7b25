using Certctl.Application.Issuers;

namespace Certctl.Application.Admin.Certificates;

/// <summary>Certificates by their address, which is the serial number alone.</summary>
public static class CertificateLookup
{
    /// <summary>
    /// Which issuer's certificate it is. Of the last issuer nothing is asked here: what is asked next finds it, or nothing.
    /// </summary>
    /// <param name="serialNumber">40 lower-case hex digits.</param>
    public static async Task<string> IssuerOfAsync(
        this ICertificateInventory inventory, string serialNumber, IssuerRegistry issuers, CancellationToken cancellationToken)
    {
        foreach (var issuer in issuers.All.SkipLast(1))
        {
            if (await inventory.FindAsync(issuer.IssuerId, serialNumber, cancellationToken) is not null)
                return issuer.IssuerId;
        }

        return issuers.All[^1].IssuerId;
    }
}
