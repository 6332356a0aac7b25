using Certctl.Domain.Enrolments;

namespace Certctl.Application.ClientCertificates;

/// <summary>
/// What a client showed in the TLS handshake. It holds the key of the first certificate; nothing else about it is proven.
/// </summary>
/// <param name="Certificate">DER: the client's own.</param>
/// <param name="Others">DER: what it sent beside that, as hints for the path.</param>
public sealed record ShownCertificates(ReadOnlyMemory<byte> Certificate, IReadOnlyList<ReadOnlyMemory<byte>> Others)
{
    /// <summary>The address of the proxy that saw the handshake and passed them on; null: this server saw it.</summary>
    public string? Proxy { get; init; }
}

/// <summary>
/// The trust bundle of one endpoint. Pure computation, nothing is fetched;
/// safe for any number of threads, and the bundle may be exchanged meanwhile.
/// </summary>
public interface IClientTrust
{
    /// <summary>The CAs that are believed now.</summary>
    IReadOnlyList<TrustedCa> Cas { get; }

    /// <summary>Whether a client certificate leads to this bundle, is valid <paramref name="now"/>, and may be used by clients.</summary>
    ClientVerdict Judge(ShownCertificates shown, DateTimeOffset now);
}

/// <summary>A CA of a bundle.</summary>
/// <param name="Subject">The common name, or the whole name where there is none.</param>
public sealed record TrustedCa(string Subject, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>What a bundle says of a client certificate.</summary>
public abstract record ClientVerdict
{
    private ClientVerdict()
    {
    }

    /// <param name="Certificate">The client's own.</param>
    /// <param name="IssuerId">Which of our issuers the certificate names as its own, null when it names none:
    /// then the journal knows nothing about it.</param>
    public sealed record Trusted(RequestSigner Certificate, string? IssuerId) : ClientVerdict;

    /// <param name="Certificate">Null when it cannot be read.</param>
    /// <param name="Detail">Why, for operators.</param>
    public sealed record Untrusted(RequestSigner? Certificate, string Detail) : ClientVerdict;
}
