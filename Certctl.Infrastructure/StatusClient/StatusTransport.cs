using System.Net;
using System.Net.Http.Headers;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>One HTTP answer with status 200.</summary>
/// <param name="Url">Where it came from in the end.</param>
/// <param name="ContentType">The media type in lower case without its parameters; empty when the header is missing.</param>
public sealed record StatusAnswer(Uri Url, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>
/// HTTP of a relying party (RFC 6960 appendix A, RFC 2585): bounded in time and octets, at most five redirects, to http and https alone,
/// no proxy and no cookies.
/// </summary>
public sealed class StatusTransport : IDisposable
{
    public const int MaxCrl = 64 * 1024 * 1024;
    public const int MaxOcsp = 1024 * 1024;
    public const int MaxCertificates = 1024 * 1024;
    private const int MaxRedirects = 5;

    private readonly HttpClient _http;

    public StatusTransport(TlsTrust trust)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            SslOptions = ScepTransport.TlsOptions(trust),
        };
        _http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("certctl-status", "1"));
    }

    public void Dispose() => _http.Dispose();

    public Task<StatusAnswer> GetAsync(Uri url, int max, CancellationToken cancellationToken) =>
        SendAsync(url, at => new HttpRequestMessage(HttpMethod.Get, at), max, cancellationToken);

    /// <summary>RFC 6960 §A.1.</summary>
    public Task<StatusAnswer> PostAsync(Uri url, ReadOnlyMemory<byte> request, CancellationToken cancellationToken) =>
        SendAsync(
            url,
            at => new HttpRequestMessage(HttpMethod.Post, at)
            {
                Content = new ReadOnlyMemoryContent(request)
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/ocsp-request") },
                },
            },
            MaxOcsp,
            cancellationToken);

    /// <summary>Null for what is no http or https URL, and for one with a user name or a password.</summary>
    public static Uri? Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && IsWeb(url) && url.UserInfo.Length == 0 ? url : null;

    private async Task<StatusAnswer> SendAsync(
        Uri url, Func<Uri, HttpRequestMessage> request, int max, CancellationToken cancellationToken)
    {
        // The longest list may come over a slow line; an OCSP answer is one packet or two.
        var patience = TimeSpan.FromSeconds(max > MaxOcsp ? 300 : 30);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(patience);
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                using var message = request(url);
                using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, bound.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    return await ReadAsync(url, response, max, bound.Token);
                url = Redirected(url, message.Method, response);
                if (redirects == MaxRedirects)
                    throw Network($"{Text(url)} redirects once more; at most {MaxRedirects} redirects are followed.");
            }
        }
        catch (HttpRequestException trouble)
        {
            var told = HttpTrouble.Connection(ScepStage.Request, url, trouble);
            throw Network($"{told.Message} {told.Advice}", trouble);
        }
        catch (IOException trouble)
        {
            throw Network($"the answer of {Text(url)} broke off: {ScepStageNames.Printable(trouble.Message)}", trouble);
        }
        catch (OperationCanceledException trouble) when (!cancellationToken.IsCancellationRequested)
        {
            throw Network($"{Text(url)} did not answer within {patience.TotalSeconds:0} seconds.", trouble);
        }
    }

    private static async Task<StatusAnswer> ReadAsync(
        Uri url, HttpResponseMessage response, int max, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await BoundedRead.ToEndAsync(stream, response.Content.Headers.ContentLength, max, cancellationToken)
            ?? throw Network($"the answer of {Text(url)} is longer than {max / 1024 / 1024} MiB.");
        return new StatusAnswer(url, response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "", body);
    }

    // RFC 9110 §15.4: 303 asks for a GET, which an OCSP request is not.
    private static Uri Redirected(Uri url, HttpMethod method, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (status is not (301 or 302 or 303 or 307 or 308) || (status == 303 && method != HttpMethod.Get))
            throw Network($"{Text(url)} answered HTTP {status} ({response.StatusCode}) instead of 200.");
        return response.Headers.Location is { } location && Uri.TryCreate(url, location, out var target) && IsWeb(target)
            ? target
            : throw Network($"{Text(url)} redirects to "
                + $"{ScepStageNames.Printable(response.Headers.Location?.OriginalString ?? "no address")}, which is no http or https URL.");
    }

    private static bool IsWeb(Uri url) => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps;

    private static string Text(Uri url) => ScepStageNames.Printable(url.ToString());

    private static StatusClientException Network(string message, Exception? inner = null) => new(StatusFault.Network, message, inner);
}
