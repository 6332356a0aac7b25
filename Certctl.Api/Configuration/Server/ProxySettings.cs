using System.Net;

namespace Certctl.Api.Configuration.Server;

/// <summary>Whose word about clients counts: of proxies that end TLS, or pass it on.</summary>
/// <param name="Networks">Where the proxies are.</param>
/// <param name="CertificateHeader">How they pass on the client's certificate and address; null: by the PROXY protocol alone.</param>
/// <param name="SpeakProxyProtocol">They begin each connection with the PROXY protocol, version 2.</param>
public sealed record ProxyOptions(IReadOnlyList<IPNetwork> Networks, string? CertificateHeader, bool SpeakProxyProtocol)
{
    public bool Trusts(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Networks.Any(network => network.Contains(plain));
    }
}

/// <summary>The proxies in front: which are believed, and in what.</summary>
internal static class ProxySettings
{
    // What carries something else, or would be forged together with it.
    private static readonly string[] Taken =
    [
        "authorization", "cookie", "host", "connection", "content-length", "content-type", "transfer-encoding", "x-forwarded-for",
        "forwarded",
    ];

    public static readonly SettingGroup Group = new();

    public static readonly Setting<IReadOnlyList<IPNetwork>> Trusted = Group.Add(
        "CERTCTL_TRUSTED_PROXIES", SettingType.List(SettingType.Network),
        "Networks (`10.20.0.0/16`) of the proxies in front. What they say of a client counts (`docs/legacy-est-scep.md`); of all others it "
        + "is refused. Needs one of the next two.");

    public static readonly Setting<string> CertificateHeader = Group.Add(
        "CERTCTL_PROXY_CLIENT_CERT_HEADER", SettingType.Text,
        "The header in which those proxies pass on the client's certificate: as PEM escaped by nginx (`$ssl_client_escaped_cert`), as DER "
        + "in base64 by HAProxy (`ssl_c_der,base64`), or as `Client-Cert` of RFC 9440. The client's address is then the last one in "
        + "`X-Forwarded-For` that is no proxy.");

    public static readonly DefaultedSetting<bool> ProxyProtocol = Group.Add(
        "CERTCTL_PROXY_PROTOCOL", SettingType.Boolean, false,
        "Those proxies pass TLS through and begin each connection with the PROXY protocol, version 2.");

    /// <summary>Null: no proxy is believed.</summary>
    public static ProxyOptions? Read(SettingValues values)
    {
        var (networks, header, speaks) = (values.Read(Trusted), values.Read(CertificateHeader), values.Read(ProxyProtocol));
        if (header is not null && (!header.All(IsToken) || Taken.Contains(header, StringComparer.OrdinalIgnoreCase)))
        {
            values.Problems.Add(
                $"{CertificateHeader.Name}: \"{header}\" is not the name of a header of its own, such as X-SSL-Client-Cert.");
        }

        if (networks is not null && networks.Any(network => network.PrefixLength == 0))
            values.Problems.Add($"{Trusted.Name}: a network without a prefix holds every address; name those of the proxies.");
        var says = header is not null || speaks;
        if (networks is { Count: > 0 } && !says)
        {
            values.Problems.Add(
                $"{Trusted.Name} is set, and nothing says how the proxies pass on who the client is: set {CertificateHeader.Name}, "
                + $"or {ProxyProtocol.Name}=true.");
        }

        if (!values.IsSet(Trusted) && says)
        {
            values.Problems.Add(
                $"{(header is not null ? CertificateHeader.Name : ProxyProtocol.Name)} is set, but {Trusted.Name} is not: "
                + "any client could say to be another. Set it, or take this away.");
        }

        return networks is { Count: > 0 } && says ? new ProxyOptions(networks, header, speaks) : null;
    }

    // RFC 9110 §5.6.2.
    private static bool IsToken(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
