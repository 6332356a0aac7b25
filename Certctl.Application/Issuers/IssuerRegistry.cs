using Certctl.Domain.Certificates;

namespace Certctl.Application.Issuers;

/// <summary>All issuers of this server, by issuer id.</summary>
public sealed class IssuerRegistry
{
    /// <param name="issuers">At least one; the first is the one of endpoints that name none. Throws for an id that comes twice.</param>
    public IssuerRegistry(params IReadOnlyList<IssuerGenerations> issuers)
    {
        if (issuers.Count == 0)
            throw new ArgumentException("A server has at least one issuer.", nameof(issuers));
        if (issuers.GroupBy(issuer => issuer.IssuerId).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Issuer id {twice.Key} is registered twice.", nameof(issuers));
        All = issuers;
    }

    public IReadOnlyList<IssuerGenerations> All { get; }

    public IssuerGenerations Default => All[0];

    public IssuerGenerations? Find(string issuerId) => All.FirstOrDefault(issuer => issuer.IssuerId == issuerId);

    /// <summary>
    /// The CA certificates above <paramref name="certificate"/>, its issuer first; empty for a certificate of an earlier CA that is still
    /// in the inventory.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(IssuedCertificate certificate) =>
        Find(certificate.IssuerId)?.All.FirstOrDefault(issuer => issuer.HasIssued(certificate))?.Chain ?? [];
}

/// <summary>One issuer in its generations, which share an issuer id.</summary>
public sealed class IssuerGenerations
{
    private volatile ICertificateIssuer? _next;
    private volatile IReadOnlyList<IPublishesStatus> _retired = [];

    /// <param name="current">The CA that issues.</param>
    /// <param name="next">The CA that follows, once it is staged (RFC 8894 §5.1).</param>
    /// <param name="retired">CAs that issued before.</param>
    public IssuerGenerations(
        ICertificateIssuer current, ICertificateIssuer? next = null, IReadOnlyList<IPublishesStatus>? retired = null)
    {
        Current = Checked(current);
        if (next is not null)
            ExchangeNext(next);
        if (retired is not null)
            ExchangeRetired(retired);
    }

    public ICertificateIssuer Current { get; }

    /// <summary>Null: none is staged.</summary>
    public ICertificateIssuer? Next => _next;

    /// <summary>They issue nothing; the status of what they issued is published.</summary>
    public IReadOnlyList<IPublishesStatus> Retired => _retired;

    public string IssuerId => Current.IssuerId;

    /// <summary>Every generation whose certificates are known here: the one that issues, the one that follows, those before.</summary>
    public IEnumerable<ICertificateIssuer> All => Next is { } next ? [Current, next, .. Retired] : [Current, .. Retired];

    /// <summary>A reload replaces the CA that follows.</summary>
    public void ExchangeNext(ICertificateIssuer next)
    {
        if (next.IssuerId != IssuerId)
            throw new ArgumentException($"The CA that follows {IssuerId} goes by {next.IssuerId}.", nameof(next));
        _next = Checked(next);
    }

    /// <summary>A reload replaces the CAs that issued before.</summary>
    public void ExchangeRetired(IReadOnlyList<IPublishesStatus> retired)
    {
        if (retired.FirstOrDefault(issuer => issuer.IssuerId != IssuerId || !issuer.IsRetired) is { } stranger)
            throw new ArgumentException($"{stranger.IssuerId} is no retired generation of {IssuerId}.", nameof(retired));
        _retired = retired;
    }

    private static ICertificateIssuer Checked(ICertificateIssuer issuer) => issuer is ISignsInProcess or ISignsElsewhere
        ? issuer
        : throw new ArgumentException($"Issuer {issuer.IssuerId} has no way to sign.", nameof(issuer));
}
