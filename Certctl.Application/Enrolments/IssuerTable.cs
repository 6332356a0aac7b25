using Certctl.Domain.Certificates;

namespace Certctl.Application.Enrolments;

/// <summary>The CA of this server in its generations: the one that issues, and the one that follows where it is staged. Both go by one issuer id.</summary>
public sealed record IssuerTable(ICertificateIssuer Current, ICertificateIssuer? Next)
{
    /// <summary>For example <c>iss-local</c>.</summary>
    public string IssuerId => Current.IssuerId;

    /// <summary>
    /// The CA certificates above <paramref name="certificate"/>, its issuer first; empty for what a CA of before issued, whose certificates still stand in
    /// the inventory.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(IssuedCertificate certificate)
    {
        if (Current.HasIssued(certificate))
            return Current.Chain;
        return Next?.HasIssued(certificate) == true ? Next.Chain : [];
    }
}
