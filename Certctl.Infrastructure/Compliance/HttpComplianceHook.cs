using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace Certctl.Infrastructure.Compliance;

/// <summary>
/// Asks an HTTPS service (docs/compliance.md). Never longer than the configured time, whatever the other side does; only the one
/// well-formed answer counts, everything else is <see cref="ComplianceVerdict.Unavailable"/>.
/// </summary>
public sealed partial class HttpComplianceHook : IComplianceHook, IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly ComplianceSettings _settings;
    private readonly ILogger<HttpComplianceHook> _logger;
    private volatile HttpClient _http;
    private volatile ResiliencePipeline<ComplianceAttempt> _pipeline;
    private volatile Secret? _token;
    private SslStreamCertificateContext? _shown;

    public HttpComplianceHook(ComplianceSettings settings, ILogger<HttpComplianceHook> logger)
        : this(settings, handler: null, logger)
    {
    }

    /// <param name="handler">Null: as the settings say.</param>
    internal HttpComplianceHook(ComplianceSettings settings, SocketsHttpHandler? handler, ILogger<HttpComplianceHook> logger)
    {
        if (settings.Url.Scheme != Uri.UriSchemeHttps)
            throw new ArgumentException($"A compliance service is asked over https, not {settings.Url.Scheme}.", nameof(settings));
        (_settings, _logger) = (settings, logger);
        _token = (settings.Credential as ComplianceCredential.Bearer)?.Token;
        Client = (settings.Credential as ComplianceCredential.ClientCertificate)?.Pair;
        Roots = settings.Roots;
        _shown = Client is null ? null : ComplianceHttp.Shown(Client);
        _http = ComplianceHttp.Client(handler ?? ComplianceHttp.Handler(settings, _shown, Roots));
        _pipeline = Pipeline();
    }

    public async Task<ComplianceVerdict> AskAsync(ComplianceQuestion question, CancellationToken cancellationToken)
    {
        var body = ComplianceRequest.Write(question);
        try
        {
            var attempt = await _pipeline.ExecuteAsync(
                static async (asked, token) => await asked.Hook.AttemptAsync(asked.Body, token),
                (Hook: this, Body: body),
                cancellationToken);
            return attempt.Verdict;
        }
        catch (TimeoutRejectedException)
        {
            return new ComplianceVerdict.Unavailable($"no answer within {_settings.Timeout.TotalSeconds:0.###} s");
        }
        catch (BrokenCircuitException)
        {
            return new ComplianceVerdict.Unavailable("it failed too often and is left alone for a moment");
        }
        catch (RateLimiterRejectedException)
        {
            return new ComplianceVerdict.Unavailable($"{_settings.Limits.Concurrency} questions wait for it already");
        }
    }

    /// <summary>True when it shows another token than this one.</summary>
    public bool ShowsOtherThan(Secret token) => _token is { } current && !current.Matches(token);

    /// <summary>The next question shows this token.</summary>
    public void Exchange(Secret token) => _token = token;

    /// <summary>The certificate that it shows; null where a token says who asks.</summary>
    public KeyPair? Client { get; private set; }

    /// <summary>As <see cref="ComplianceSettings.Roots"/>.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; private set; }

    /// <summary>Makes another client certificate ready; the action puts it to use and cannot fail. For one caller at a time.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It cannot be shown.</exception>
    public Action StageClient(KeyPair client)
    {
        var shown = ComplianceHttp.Shown(client);
        return () =>
        {
            (Client, _shown) = (client, shown);
            Reconnect();
        };
    }

    /// <summary>The next connection believes these roots alone. For one caller at a time.</summary>
    public void ExchangeRoots(IReadOnlyList<X509Certificate2> roots)
    {
        Roots = roots;
        Reconnect();
    }

    public void Dispose() => _http.Dispose();

    // Connections belong to the certificate and the roots that they were made with, and what failed with those says nothing of the new
    // ones: the circuit begins closed. The old client is not disposed: that would end the questions under way. Its idle connections close
    // by themselves.
    private void Reconnect()
    {
        _http = ComplianceHttp.Client(ComplianceHttp.Handler(_settings, _shown, Roots));
        _pipeline = Pipeline();
    }

    private ResiliencePipeline<ComplianceAttempt> Pipeline() => CompliancePipeline.Build(
        _settings.Timeout,
        _settings.Limits,
        state => LogCircuit(state == "closed" ? LogLevel.Information : LogLevel.Warning, _settings.Url.Authority, state));

    private async Task<ComplianceAttempt> AttemptAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var request = Request(body);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return await ComplianceAnswer.ReadAsync(response, cancellationToken);
        }
        catch (HttpRequestException trouble)
        {
            return ComplianceAttempt.Accident($"the connection failed ({trouble.HttpRequestError}): {trouble.GetBaseException().Message}");
        }
        catch (IOException trouble)
        {
            return ComplianceAttempt.Accident($"the connection broke: {trouble.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The connection's own time, which is the whole's, was up a moment earlier.
            return ComplianceAttempt.Accident("no connection in time");
        }
    }

    private HttpRequestMessage Request(byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _settings.Url)
        {
            // Not HTTP/2: the platform repeats a stream that was refused (REFUSED_STREAM) up to three times by itself,
            // so three attempts became twelve.
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = Json;
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("certctl-compliance", "1"));
        if (_token is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal());
        return request;
    }

    [LoggerMessage(EventId = 1, Message = "The circuit to the compliance service {Host} is {State}")]
    private partial void LogCircuit(LogLevel level, string host, string state);
}
