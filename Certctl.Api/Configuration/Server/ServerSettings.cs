using Certctl.Api.Configuration.Access;
using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Configuration.Server;

/// <param name="Host">Address to bind.</param>
/// <param name="Port">0 lets the system choose (tests).</param>
/// <param name="MaxBodySize">Octets.</param>
/// <param name="TlsCertPath">PEM, leaf first, then its chain.</param>
/// <param name="TlsKeyPath">PEM.</param>
/// <param name="MtlsPort">Port of its own for client certificates, as <paramref name="Port"/>; null: it is served on the main port.</param>
/// <param name="MaxInFlight">Requests of devices at once.</param>
public sealed record ServerOptions(
    string Host, int Port, int MaxBodySize, string TlsCertPath, string TlsKeyPath, int? MtlsPort, int MaxInFlight);

/// <summary>Where and how the server listens.</summary>
internal static class ServerSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<string> Host = Group.Add(
        "CERTCTL_SERVER_HOST", SettingType.Text, "127.0.0.1", "Address to listen on: an IP address or a name that resolves to one.");

    public static readonly DefaultedSetting<int> Port =
        Group.Add("CERTCTL_SERVER_PORT", SettingType.Integer(0, 65535), 8080, "Port; 0 takes a free one.");

    public static readonly DefaultedSetting<int> MaxBodySize = Group.Add(
        "CERTCTL_MAX_BODY_SIZE",
        SettingType.Integer(4 * 1024, 16 * 1024 * 1024),
        1024 * 1024,
        "Largest request body in octets; beyond it: 413.");

    // Some seconds of work. At most one a connection can be.
    public static readonly DefaultedSetting<int> MaxInFlight = Group.Add(
        "CERTCTL_SERVER_MAX_IN_FLIGHT", SettingType.Integer(1, HttpLimits.Connections), 4096,
        "Requests of devices that are worked on at once; further ones get 503 with Retry-After.");

    public static readonly Setting<string> TlsCertPath = Group.Add(
        "CERTCTL_SERVER_TLS_CERT_PATH", SettingType.Text,
        "Required. PEM: the server certificate, then its chain. Read again on SIGHUP.");

    public static readonly Setting<string> TlsKeyPath = Group.Add(
        "CERTCTL_SERVER_TLS_KEY_PATH", SettingType.Text, "Required. PEM private key, mode 0600. Read again on SIGHUP.");

    public static readonly Setting<int> MtlsPort = Group.Add(
        "CERTCTL_SERVER_MTLS_PORT", SettingType.Integer(0, 65535),
        "A port of its own for clients with certificates: `/scep-mtls` and EST; 0 takes a free one. The main port then asks for no client "
        + "certificate, does not serve `/scep-mtls`, and EST renews nothing there.");

    public static ServerOptions Read(SettingValues values) => new(
        values.Read(Host),
        values.Read(Port),
        values.Read(MaxBodySize),
        values.Required(TlsCertPath, "the server's TLS certificate (PEM); enrolment and the API are served by TLS alone"),
        values.Required(TlsKeyPath, "the private key of the server's TLS certificate"),
        values.IsSet(MtlsPort) ? values.Read(MtlsPort, 0) : null,
        values.Read(MaxInFlight));

    /// <summary>What can be said once it is known which profiles there are.</summary>
    public static void CheckMtlsPort(CertctlOptions options, SettingValues values)
    {
        var server = options.Server;
        if (server.MtlsPort is > 0 && server.MtlsPort == server.Port)
        {
            values.Problems.Add(
                $"{MtlsPort.Name} is the main port, {server.Port}; choose another, "
                + "or leave it out to serve clients with certificates on the main port.");
        }

        if (server.MtlsPort is not null && !options.WantsClientCertificates && values.Problems.Count == 0)
        {
            values.Warnings.Add(
                $"{MtlsPort.Name} has no effect: no SCEP profile has MTLS_ENABLED, and no EST profile asks for certificates.");
        }

        // A listener that asks keeps some SCEP clients away, and nothing in the settings of SCEP says so.
        if (server.MtlsPort is null && options.ScepProfiles.Count > 0 && !ApiSettings.IsLoopback(server.Host)
            && options.ScepProfiles.All(profile => profile.MtlsBundlePath is null) && options.WantsClientCertificates)
        {
            values.Warnings.Add(
                "EST makes the main port ask every client for a TLS certificate, which SCEP clients of macOS do not tolerate; set "
                + $"{MtlsPort.Name}, or SIMPLEREENROLL_ENABLED=false in EST profiles without a trust bundle.");
        }
    }
}
