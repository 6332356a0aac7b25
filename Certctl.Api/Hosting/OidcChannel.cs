using System.Net;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Rest.Access;
using Certctl.Infrastructure.Crypto.Mtls;
using Microsoft.IdentityModel.Protocols;

namespace Certctl.Api.Hosting;

/// <summary>Reads the documents of the OpenID Connect issuer, and asks it for the tokens of who signs in.</summary>
/// <param name="roots">Of the issuer's TLS certificate; empty: those of this machine.</param>
internal sealed class OidcChannel(IReadOnlyList<X509Certificate2> roots) : IDocumentRetriever
{
    private volatile Connection _connection = new(roots);

    public IReadOnlyList<X509Certificate2> Roots => _connection.Roots;

    /// <summary>The next connection believes these roots alone. A read that is under way is finished by the old one.</summary>
    public void Exchange(IReadOnlyList<X509Certificate2> roots) => _connection = new Connection(roots);

    public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
        _connection.Documents.GetDocumentAsync(address, cancel);

    /// <summary>For a client that outlives an exchange of the roots. Its owner bounds the time.</summary>
    public HttpMessageHandler NewHandler() => new CurrentConnection(this);

    private sealed class Connection
    {
        public Connection(IReadOnlyList<X509Certificate2> roots)
        {
            var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, SslOptions = ServerTrust.Options(roots) };
            Roots = roots;
            Invoker = new HttpMessageInvoker(handler);
            Documents = new HttpDocumentRetriever(OidcTokens.Bound(handler));
        }

        public IReadOnlyList<X509Certificate2> Roots { get; }

        public HttpMessageInvoker Invoker { get; }

        public HttpDocumentRetriever Documents { get; }
    }

    // Codes and the client's secret go this way: where the issuer's metadata names a plain URL, they do not go at all.
    private sealed class CurrentConnection(OidcChannel channel) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Scheme != Uri.UriSchemeHttps)
                throw new HttpRequestException("The OpenID Connect issuer names a URL that is not https.");
            var answer = await channel._connection.Invoker.SendAsync(request, cancellationToken);
            if (answer.StatusCode < HttpStatusCode.InternalServerError)
                return answer;

            // No answer to what was asked.
            answer.Dispose();
            throw new HttpRequestException($"The OpenID Connect issuer answers {(int)answer.StatusCode}.");
        }
    }
}
