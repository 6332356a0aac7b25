using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Certctl.Api.Hosting.Startup;

/// <summary>
/// The server's ports, bound before the database is asked, so that a port that is taken is told at once. They are bound and do not listen
/// yet: until the server is ready the system refuses connections to them, and no client is accepted and left waiting.
/// </summary>
internal sealed class ListenSockets : IDisposable
{
    private readonly List<(EndPoint Asked, Socket Socket)> _bound = [];

    /// <summary>Binds one more. Throws <see cref="SocketException"/> when it is taken, or not for us.</summary>
    public void Bind(IPEndPoint endpoint) => _bound.Add((endpoint, SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint)));

    /// <summary>For the transport, which owns what it takes.</summary>
    public Socket Take(EndPoint endpoint)
    {
        var index = _bound.FindIndex(bound => bound.Asked.Equals(endpoint));
        if (index < 0)
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        var socket = _bound[index].Socket;
        _bound.RemoveAt(index);
        return socket;
    }

    public void Dispose()
    {
        foreach (var (_, socket) in _bound)
            socket.Dispose();
        _bound.Clear();
    }
}
