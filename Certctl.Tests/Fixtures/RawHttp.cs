using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Certctl.Tests.Fixtures;

/// <summary>HTTP letter by letter over a TLS socket: what no client library would send, and what one would hide of the answer.</summary>
internal sealed class RawHttp : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TcpClient _socket;
    private readonly Stream _stream;
    private readonly CancellationTokenSource _patience = new(Patience);

    private RawHttp(TcpClient socket, Stream stream) => (_socket, _stream) = (socket, stream);

    public static async Task<RawHttp> ConnectAsync(Uri server, string caFile, SslProtocols protocol = SslProtocols.Tls13)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(caFile) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        return new RawHttp(socket, tls);
    }

    /// <summary>Without TLS: to a bridge on loopback.</summary>
    /// <param name="from">The address of this machine that the server is to see; null: whichever.</param>
    /// <param name="receiveBuffer">Octets that lie ready unread; null: as many as the system likes.</param>
    public static async Task<RawHttp> ConnectPlainAsync(Uri bridge, IPAddress? from = null, int? receiveBuffer = null)
    {
        var socket = from is null ? new TcpClient() : new TcpClient(new IPEndPoint(from, 0));
        socket.ReceiveBufferSize = receiveBuffer ?? socket.ReceiveBufferSize;
        await socket.ConnectAsync(IPAddress.Loopback, bridge.Port);
        return new RawHttp(socket, socket.GetStream());
    }

    public async Task SendAsync(string head, ReadOnlyMemory<byte> body = default)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(head), _patience.Token);
        await _stream.WriteAsync(body, _patience.Token);
        await _stream.FlushAsync(_patience.Token);
    }

    /// <summary>The next answer: its head, and a body of the announced length.</summary>
    /// <param name="hasBody">False after HEAD: a length may be announced, but nothing follows.</param>
    public async Task<RawAnswer> ReadAsync(bool hasBody = true)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadAsync(1))[0]);
        var lines = head.ToString().TrimEnd().Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        if (!hasBody)
            return new RawAnswer(status, headers, []);
        if (headers.ContainsKey("Transfer-Encoding"))
            return new RawAnswer(status, headers, await ReadChunksAsync());
        return new RawAnswer(
            status,
            headers,
            await ReadAsync(headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0));
    }

    // RFC 9112 §7.1, without extensions and trailers.
    private async Task<byte[]> ReadChunksAsync()
    {
        using var body = new MemoryStream();
        while (true)
        {
            var line = new StringBuilder();
            while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
                line.Append((char)(await ReadAsync(1))[0]);
            var length = int.Parse(line.ToString().TrimEnd(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await ReadAsync(length));
            await ReadAsync(2);
            if (length == 0)
                return body.ToArray();
        }
    }

    /// <summary>Waits for the server to close; true when it did so without another octet.</summary>
    public async Task<bool> IsClosedAsync() => await _stream.ReadAsync(new byte[1], _patience.Token) == 0;

    /// <summary>Reads to the end of the connection, or so many octets or a few more, keeps nothing, and counts.</summary>
    public async Task<long> DrainAsync(long max = long.MaxValue)
    {
        var buffer = new byte[64 * 1024];
        var length = 0L;
        for (int read; length < max && (read = await _stream.ReadAsync(buffer, _patience.Token)) > 0; length += read)
        {
        }

        return length;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
        _patience.Dispose();
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        var octets = new byte[length];
        await _stream.ReadExactlyAsync(octets, _patience.Token);
        return octets;
    }
}

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.ASCII.GetString(Body);
}
