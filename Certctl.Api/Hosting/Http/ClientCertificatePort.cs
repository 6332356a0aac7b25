using Certctl.Api.Configuration.Server;
using Certctl.Api.Est;
using Certctl.Api.Scep;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// The port of its own on which clients are asked for certificates. It serves <c>/scep-mtls</c> and EST alone; all other endpoints are on
/// the port without client certificates.
/// </summary>
internal sealed class ClientCertificatePort(ServerOptions options, IServer server)
{
    private static readonly PathString[] Roots = [ScepMtlsEndpoints.Root, EstEndpoints.Root, EstEndpoints.MtlsRoot];

    /// <summary>Null where there is none, or the server does not listen yet.</summary>
    // The main port is bound first, and this one next.
    public int? Number => options.MtlsPort is null
        ? null
        : server.Features.Get<IServerAddressesFeature>()?.Addresses.Skip(1).Select(BindingAddress.Parse)
            .FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttps)?.Port;

    public static bool Serves(HttpContext http) => http.Features.Get<TlsClient>() is not { AskedHere: true }
        || Roots.Any(root => http.Request.Path.StartsWithSegments(root)) || http.Request.Path.Value is "/health" or "/ready";
}

/// <summary>Registration of that port.</summary>
internal static class ClientCertificatePortRegistration
{
    public static void UseClientCertificatePort(this IApplicationBuilder app) => app.Use((http, next) => ClientCertificatePort.Serves(http)
        ? next(http)
        : DeviceAnswer.Say(http, StatusCodes.Status404NotFound, "Only /scep-mtls and EST are served on this port."));
}
