namespace Certctl.Application.Admin.Sessions;

/// <summary>Keys that protect the sessions of the operator's pages. All processes on one database share them.</summary>
public interface ISessionKeys
{
    /// <summary>All that ever were.</summary>
    Task<IReadOnlyList<SessionKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Keeps one more.</summary>
    Task AddAsync(SessionKey key, CancellationToken cancellationToken);
}

/// <summary>One key, or the revocation of one.</summary>
/// <param name="Id">A name, unique.</param>
/// <param name="Xml">As the data protection of ASP.NET Core writes it, the key itself encrypted.</param>
public sealed record SessionKey(string Id, DateTimeOffset CreatedAt, string Xml);
