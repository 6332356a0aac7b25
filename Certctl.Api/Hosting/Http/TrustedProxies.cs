using System.Net;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Rest.Access;
using Certctl.Application.ClientCertificates;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// The one place that says who the client is where a proxy ends TLS. Behind it the connection's address is the client's, and
/// <see cref="TlsClient"/> holds the certificate that the proxy saw: SCEP, EST, rate limits, audit and pages look nowhere else. Of all who
/// are no proxy the address is dropped, and a certificate is refused.
/// </summary>
internal sealed class TrustedProxies(RequestDelegate next, ProxyOptions proxies, AccessTrail trail)
{
    private const string ForwardedFor = "X-Forwarded-For";

    private readonly string? _certificate = proxies.CertificateHeader;
    private readonly string? _chain = proxies.CertificateHeader is { } header ? header + "-Chain" : null;

    public Task InvokeAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        var isProxy = _certificate is not null && http.Connection.RemoteIpAddress is { } peer && proxies.Trusts(peer);
        return isProxy ? BelieveAsync(http, headers)
            : _certificate is not null && (headers.ContainsKey(_certificate) || headers.ContainsKey(_chain!)) ? RefuseAsync(http)
            : DropAsync(http, headers);
    }

    private Task DropAsync(HttpContext http, IHeaderDictionary headers)
    {
        headers.Remove(ForwardedFor);
        return next(http);
    }

    private async Task RefuseAsync(HttpContext http)
    {
        const string Why = "The certificate of a client is taken from the proxies in front alone.";
        await trail.CountAsync(http, StatusCodes.Status403Forbidden, Why);
        await DeviceAnswer.Say(http, StatusCodes.Status403Forbidden, Why);
    }

    private async Task BelieveAsync(HttpContext http, IHeaderDictionary headers)
    {
        var proxy = http.Connection.RemoteIpAddress!;
        ShownCertificates? shown;
        try
        {
            shown = ForwardedCertificate.Read(headers[_certificate!], headers[_chain!], $"{proxy}");
        }
        catch (FormatException unreadable)
        {
            var why = $"The proxy's header {_certificate} cannot be read: {unreadable.Message}";
            await trail.RecordAsync(http, AccessTrail.Unreadable, why);
            await DeviceAnswer.Say(http, StatusCodes.Status400BadRequest, why);
            return;
        }

        http.Features.Set(TlsClient.Forwarded(shown, http.Features.Get<TlsClient>()));
        http.Connection.RemoteIpAddress = ClientOf(proxy, headers[ForwardedFor]);
        headers.Remove(_certificate!);
        headers.Remove(_chain!);
        await DropAsync(http, headers);
    }

    /// <summary>
    /// The last address that no proxy of ours stands behind: what is left of it, any client may have written. A word that is no address
    /// ends the search, and the hop that wrote it is the client as far as it is known.
    /// </summary>
    private IPAddress ClientOf(IPAddress proxy, IEnumerable<string?> forwarded)
    {
        var client = proxy;
        foreach (var hop in string.Join(',', forwarded).Split(',').Reverse())
        {
            if (!proxies.Trusts(client) || Parse(hop.Trim()) is not { } before)
                break;
            client = before;
        }

        return client;
    }

    // Some proxies write the port behind it.
    private static IPAddress? Parse(string hop) =>
        IPAddress.TryParse(hop, out var address) || (IPEndPoint.TryParse(hop, out var endpoint) && (address = endpoint.Address) is not null)
            ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address
            : null;
}

/// <summary>Registration of the proxies.</summary>
internal static class TrustedProxiesRegistration
{
    /// <param name="proxies">Null: none is believed, and what they would say is not looked at.</param>
    public static void UseTrustedProxies(this IApplicationBuilder app, ProxyOptions? proxies)
    {
        if (proxies is not null)
            app.UseMiddleware<TrustedProxies>(proxies);
    }
}
