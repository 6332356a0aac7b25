using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>
/// Lets a probe connect to public addresses and to those of an allow-list: the internal network and a cloud's metadata service cannot be
/// reached through this server. It judges the address that is dialled, so a name that points elsewhere the second time gains nothing.
/// One guard serves one probe.
/// </summary>
/// <param name="allowed">Networks that may be asked although they are reserved.</param>
internal sealed class ProbeGuard(IReadOnlyList<IPNetwork> allowed)
{
    // RFC 6890 and the IANA registries of special-purpose addresses; multicast.
    private static readonly IPNetwork[] Reserved =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    // Whatever of IPv6 is outside of it is no unicast address of the internet (RFC 4291 §2.4),
    // or holds an IPv4 address in disguise (64:ff9b::/96).
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Why it did not connect; null: it did, or it failed.</summary>
    public string? Refusal { get; private set; }

    /// <summary>A proxy would dial for us, past the guard: there is none.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        ConnectCallback = ConnectAsync,
    };

    public static ProductInfoHeaderValue Agent => new("certctl-network-scan", "scep-probe");

    internal bool Allows(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (allowed.Any(network => network.Contains(plain)))
            return true;
        return !Reserved.Any(network => network.Contains(plain))
            && (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain));
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        var open = addresses.Where(Allows).ToArray();
        if (open.Length == 0)
        {
            // Which address a name has inside is not told.
            Refusal = $"{host} is no public address, and CERTCTL_SCEP_PROBE_ALLOW does not name its network.";
            throw new IOException(Refusal);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        finally
        {
            if (!socket.Connected)
                socket.Dispose();
        }
    }
}
