using System.Security.Cryptography.X509Certificates;
using Certctl.Application.ClientCertificates;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// A feature of connections whose client was asked for a certificate, and of requests that a trusted proxy passes on: what the client
/// showed. Without this feature it was not asked.
/// </summary>
internal sealed class TlsClient
{
    /// <summary>The connection itself asked; false: a proxy did.</summary>
    public bool AskedHere { get; private init; } = true;

    /// <summary>Null: none was shown.</summary>
    public ShownCertificates? Certificates { get; private set; }

    /// <param name="connection">Of the proxy's own connection; null: that was not asked.</param>
    public static TlsClient Forwarded(ShownCertificates? certificates, TlsClient? connection) =>
        new() { Certificates = certificates, AskedHere = connection is not null };

    /// <summary>Called once, by the handshake, before any request. Copies: the handshake disposes what it gives.</summary>
    /// <returns>True: the connection goes on, whatever was shown.</returns>
    public bool Keep(X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is not null)
        {
            var own = certificate.GetRawCertData();
            var others = chain is null
                ? []
                : chain.ChainPolicy.ExtraStore.Select(other => other.RawData).Where(other => !other.AsSpan().SequenceEqual(own));
            Certificates = new ShownCertificates(own, [.. others.Select(other => (ReadOnlyMemory<byte>)other)]);
        }

        return true;
    }
}
