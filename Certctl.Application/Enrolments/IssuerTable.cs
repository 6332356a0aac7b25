using Certctl.Domain.Certificates;

namespace Certctl.Application.Enrolments;

/// <summary>The CA of this server in its generations: the one that issues, and the one that follows where it is staged. Both go by one issuer id.</summary>
public sealed class IssuerTable(ICertificateIssuer current, ICertificateIssuer? next)
{
    private volatile ICertificateIssuer? _next = next;

    public ICertificateIssuer Current => current;

    /// <summary>Null: none is staged. A reload exchanges it.</summary>
    public ICertificateIssuer? Next => _next;

    public void ExchangeNext(ICertificateIssuer next) => _next = next;

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
        return Next is { } next && next.HasIssued(certificate) ? next.Chain : [];
    }
}
