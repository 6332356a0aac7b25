using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using Certctl.Api.Configuration.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// The PROXY protocol, version 2 (HAProxy's specification of 2020, §2.2), before TLS: a proxy that passes TCP through says whose
/// connection it is. Only those of the trusted networks are asked for it, and without it their connection ends; all others are who they
/// are.
/// </summary>
internal static partial class ProxyProtocol
{
    private const int Fixed = 16;

    // Addresses and what may follow them (TLV); none of it is used.
    private const int MaxRest = 2048;
    private const int Local = 0x20;
    private const int Proxied = 0x21;
    private const int Tcp4 = 0x11;
    private const int Tcp6 = 0x21;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Comes before all else on the listener.</summary>
    public static void UseProxyProtocol(this ListenOptions listen, ProxyOptions? proxies)
    {
        if (proxies is not { SpeakProxyProtocol: true })
            return;
        var logger = listen.ApplicationServices.GetRequiredService<ILogger<TrustedProxies>>();
        listen.Use(next => async connection =>
        {
            if (connection.RemoteEndPoint is IPEndPoint peer && proxies.Trusts(peer.Address) && !await ReadAsync(connection))
            {
                LogNone(logger, peer.Address);
                connection.Abort();
                return;
            }

            await next(connection);
        });
    }

    private static async Task<bool> ReadAsync(ConnectionContext connection)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        patience.CancelAfter(HttpLimits.HeadersWithin);
        try
        {
            var header = await ReadExactlyAsync(connection.Transport.Input, Fixed, patience.Token);
            var length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(14));
            if (!header.AsSpan().StartsWith(Signature) || length > MaxRest)
                return false;
            var rest = await ReadExactlyAsync(connection.Transport.Input, length, patience.Token);

            // A health check of the proxy itself is its own connection.
            if (header[12] == Local)
                return true;
            if (header[12] != Proxied || AddressOf(header[13], rest) is not { } client)
                return false;
            connection.RemoteEndPoint = client;
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            // Its end, or a reset, in the middle of it.
            return false;
        }
    }

    private static IPEndPoint? AddressOf(byte family, byte[] rest) => family switch
    {
        Tcp4 when rest.Length >= 12 => new(new IPAddress(rest.AsSpan(0, 4)), BinaryPrimitives.ReadUInt16BigEndian(rest.AsSpan(8))),
        Tcp6 when rest.Length >= 36 => new(new IPAddress(rest.AsSpan(0, 16)), BinaryPrimitives.ReadUInt16BigEndian(rest.AsSpan(32))),
        _ => null,
    };

    private static async Task<byte[]> ReadExactlyAsync(PipeReader input, int count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return [];
        var read = await input.ReadAtLeastAsync(count, cancellationToken);
        if (read.Buffer.Length < count)
            throw new EndOfStreamException();
        var octets = read.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(count));
        return octets;
    }

    [LoggerMessage(1, LogLevel.Warning,
        "A connection from {Proxy}, a trusted proxy, does not begin with the PROXY protocol (v2); it is ended")]
    private static partial void LogNone(ILogger logger, IPAddress proxy);
}
