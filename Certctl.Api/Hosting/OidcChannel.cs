using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Rest.Access;
using Certctl.Infrastructure.Crypto.Mtls;
using Microsoft.IdentityModel.Protocols;

namespace Certctl.Api.Hosting;

/// <summary>Reads the documents of the OpenID Connect issuer.</summary>
/// <param name="roots">Of the issuer's TLS certificate; empty: those of this machine.</param>
internal sealed class OidcChannel(IReadOnlyList<X509Certificate2> roots) : IDocumentRetriever
{
    private volatile Connection _connection = new(roots);

    public IReadOnlyList<X509Certificate2> Roots => _connection.Roots;

    /// <summary>The next connection believes these roots alone. A read that is under way is finished by the old one.</summary>
    public void Exchange(IReadOnlyList<X509Certificate2> roots) => _connection = new Connection(roots);

    public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
        _connection.Documents.GetDocumentAsync(address, cancel);

    private sealed class Connection(IReadOnlyList<X509Certificate2> roots)
    {
        public IReadOnlyList<X509Certificate2> Roots => roots;

        public HttpDocumentRetriever Documents { get; } = OidcTokens.Documents(
            new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, SslOptions = ServerTrust.Options(roots) });
    }
}
