using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>
/// EST's HTTP (RFC 7030 §3.2): bounded in time and octets, without proxy and cookies. The password is sent after a 401 that asks for Basic
/// and never before; redirects are followed on the same host and port alone, so that nothing ever goes to a server that was not named.
/// </summary>
public sealed class EstTransport : IDisposable
{
    public const int MaxAnswer = 1024 * 1024;
    private const int MaxRedirects = 3;

    // A server that makes an RSA key of 4096 bits for us takes its time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EstUrl _url;
    private readonly EstCredentials? _credentials;
    private readonly TimeProvider _time;
    private readonly bool _isPinned;
    private readonly bool _hasIdentity;
    private readonly HttpClient _http;
    private (Uri Url, string Value)? _authorization;

    private EstTransport(EstUrl url, EstCredentials? credentials, SslClientAuthenticationOptions tls, bool isPinned, TimeProvider time)
    {
        _url = url;
        _credentials = credentials;
        _time = time;
        _isPinned = isPinned;
        _hasIdentity = tls.ClientCertificateContext is not null;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            SslOptions = tls,
        };
        _http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("certctl-est", "1"));
    }

    /// <summary>The server's certificate must chain to these roots and fit its name.</summary>
    public static EstTransport Verified(
        EstUrl url, TlsTrust trust, EstIdentity? identity, EstCredentials? credentials, TimeProvider time) =>
        new(url, credentials, EstTls.Options(trust, identity), isPinned: false, time);

    /// <summary>The server's certificate must chain to the CA that a fingerprint pinned, and fit its name.</summary>
    public static EstTransport Pinned(
        EstUrl url, EstCaTrust trust, EstIdentity? identity, EstCredentials? credentials, TimeProvider time) =>
        new(url, credentials, EstTls.Pinned(trust, identity, time), isPinned: true, time);

    /// <summary>
    /// RFC 7030 §4.1.1: a connection to a server that nothing vouches for yet, to fetch the CA certificates whose fingerprint is then
    /// compared. It has neither certificate nor password to give.
    /// </summary>
    public static EstTransport Provisional(EstUrl url, TimeProvider time) =>
        new(url, credentials: null, EstTls.Options(new TlsTrust.AcceptAny(), identity: null), isPinned: false, time);

    public void Dispose() => _http.Dispose();

    public Task<EstAnswer> GetAsync(EstStage stage, string operation, string accept, CancellationToken cancellationToken) =>
        SendAsync(stage, new Message(_url.Of(operation), HttpMethod.Get, accept, Body: null), cancellationToken);

    /// <summary>RFC 8951 §3.1: base64 of DER, in lines of 76 characters for the servers that read no longer ones.</summary>
    public Task<EstAnswer> PostAsync(
        EstStage stage, string operation, ReadOnlyMemory<byte> csr, string accept, CancellationToken cancellationToken)
    {
        var body = Encoding.ASCII.GetBytes(Convert.ToBase64String(csr.Span, Base64FormattingOptions.InsertLineBreaks) + "\r\n");
        return SendAsync(stage, new Message(_url.Of(operation), HttpMethod.Post, accept, body), cancellationToken);
    }

    private async Task<EstAnswer> SendAsync(EstStage stage, Message message, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(Patience);
        try
        {
            return await ExchangeAsync(stage, message, bound.Token);
        }
        catch (HttpRequestException trouble)
        {
            throw Connection(stage, message.Url, trouble);
        }
        catch (IOException trouble)
        {
            throw Network(stage, $"the answer of {Host(message.Url)} broke off: {ScepStageNames.Printable(trouble.Message)}",
                "Try again; the same request gets the same certificate.", trouble);
        }
        catch (OperationCanceledException trouble) when (!cancellationToken.IsCancellationRequested)
        {
            throw Network(stage, $"{Host(message.Url)} did not answer within {Patience.TotalSeconds:0} seconds.",
                "Check that the server is up and not overloaded, and that no firewall drops the connection; then try again.", trouble);
        }
    }

    private async Task<EstAnswer> ExchangeAsync(EstStage stage, Message message, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ;)
        {
            var authorization = _authorization is { } known && known.Url == message.Url ? known.Value : null;
            using var response = await SendOnceAsync(message, authorization, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized && authorization is null && AsksForBasic(response)
                && _credentials?.Basic() is { } asked)
            {
                _authorization = (message.Url, asked);
                continue;
            }

            if ((int)response.StatusCode is not (>= 300 and < 400))
                return await ReadAsync(stage, message.Url, response, authorization is not null, cancellationToken);
            message = message with { Url = Redirected(stage, message, response) };
            if (++redirects > MaxRedirects)
                throw Network(stage, $"the server redirects more than {MaxRedirects} times.", "Give the final URL.");
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Message message, string? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(message.Method, message.Url) { Version = HttpVersion.Version11 };
        request.Headers.Accept.ParseAdd(message.Accept);
        if (authorization is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", authorization);
        if (message.Body is { } body)
        {
            // RFC 5967 §2; RFC 8951 §3: no Content-Transfer-Encoding.
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/pkcs10");
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private async Task<EstAnswer> ReadAsync(
        EstStage stage, Uri url, HttpResponseMessage response, bool hadCredentials, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await BoundedRead.ToEndAsync(stream, response.Content.Headers.ContentLength, MaxAnswer, cancellationToken)
            ?? throw EstClientException.Untrusted(stage, $"the answer of {Host(url)} is longer than {MaxAnswer} octets.",
                "This is no EST answer. Check the URL.");
        return new EstAnswer
        {
            Status = (int)response.StatusCode,
            Type = response.Content.Headers.ContentType,
            Body = body,
            RetryAfter = RetryAfter(response.Headers.RetryAfter),
            Schemes = [.. response.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme)],
            HadCredentials = hadCredentials,
        };
    }

    // RFC 9110 §10.2.3: seconds or a date.
    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var wait = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static bool AsksForBasic(HttpResponseMessage response) =>
        response.Headers.WwwAuthenticate.Any(challenge => string.Equals(challenge.Scheme, "Basic", StringComparison.OrdinalIgnoreCase));

    // RFC 7030 §3.2.1: another origin needs the user's consent, which is another URL on the command line. 301, 302 and 303 turn a POST
    // into a GET (RFC 9110 §15.4).
    private static Uri Redirected(EstStage stage, Message message, HttpResponseMessage response)
    {
        var target = response.Headers.Location is { } location && Uri.TryCreate(message.Url, location, out var resolved) ? resolved : null;
        var keepsMethod = (int)response.StatusCode is 307 or 308
            || (message.Method == HttpMethod.Get && (int)response.StatusCode is 301 or 302 or 303);
        if (keepsMethod && target is not null && target.UserInfo.Length == 0
            && Uri.Compare(target, message.Url, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase)
                == 0)
            return target;
        throw Network(stage, $"the server answered HTTP {(int)response.StatusCode} and sends elsewhere "
                + $"({ScepStageNames.Printable(response.Headers.Location?.OriginalString ?? "no address given")}).",
            "Redirects to another host are not followed, so that no password and no request goes to a server that was not named. "
                + "Give the final URL.");
    }

    private EstClientException Connection(EstStage stage, Uri url, HttpRequestException trouble)
    {
        if (_isPinned && trouble.HttpRequestError == HttpRequestError.SecureConnectionError
            && trouble.InnerException is AuthenticationException)
        {
            return Network(stage, $"the TLS certificate of {Host(url)} does not chain to the CA with the given fingerprint, or is not "
                    + "for this host name.",
                "If the server's TLS certificate comes from another CA, name that CA with --cacert FILE beside the fingerprint.", trouble);
        }

        var told = HttpTrouble.Connection(ScepStage.Request, url, trouble);
        return Network(stage, told.Message, _hasIdentity && trouble.InnerException is IOException
            ? "The server may not accept the client certificate: is it expired, revoked, or of another CA? " + told.Advice
            : told.Advice, trouble);
    }

    private static string Host(Uri url) => $"{url.Host}:{url.Port}";

    private static EstClientException Network(EstStage stage, string message, string advice, Exception? inner = null) =>
        new(stage, EstFault.Network, message, advice, inner);

    private sealed record Message(Uri Url, HttpMethod Method, string Accept, byte[]? Body);
}
