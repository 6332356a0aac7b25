using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Integrator.Client;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;

namespace Integrator;

/// <summary>
/// A connection to one server: verified by its own CA, with a key that is sent to no other host.
/// Kiota's handlers wait when the server says so (429, 503 with Retry-After).
/// </summary>
internal sealed class ApiConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpClientRequestAdapter _adapter;

    private ApiConnection(Uri url, string caFile, string key)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(caFile);
        _http = KiotaClientFactory.Create(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
            AllowAutoRedirect = false,
        });
        _adapter = new HttpClientRequestAdapter(new BaseBearerTokenAuthenticationProvider(new Key(url.Host, key)), httpClient: _http)
        {
            BaseUrl = url.AbsoluteUri.TrimEnd('/'),
        };
        Client = new CertctlClient(_adapter);
    }

    public CertctlClient Client { get; }

    /// <summary>As quickstart.env has them.</summary>
    public static ApiConnection FromEnvironment()
    {
        var url = new Uri(Needed("CERTCTL_URL"));
        return url.Scheme == Uri.UriSchemeHttps
            ? new ApiConnection(url, Needed("CERTCTL_CA_FILE"), Needed("CERTCTL_API_KEY"))
            : throw new InvalidOperationException("CERTCTL_URL is not an https URL: the key would be sent in the clear.");
    }

    public void Dispose()
    {
        _adapter.Dispose();
        _http.Dispose();
    }

    private static string Needed(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is needed; see README.md.");

    private sealed class Key(string host, string key) : IAccessTokenProvider
    {
        public AllowedHostsValidator AllowedHostsValidator { get; } = new([host]);

        public Task<string> GetAuthorizationTokenAsync(
            Uri uri, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(AllowedHostsValidator.IsUrlHostValid(uri) ? key : "");
    }
}
