using System.Net;
using System.Net.Sockets;
using Certctl.Api.Hosting.Startup;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>Ports that are bound before the server is ready.</summary>
public sealed class ListenSocketsTests
{
    [Fact]
    public async Task A_port_that_is_bound_refuses_clients_until_the_server_listens()
    {
        using var sockets = new ListenSockets();
        var asked = new IPEndPoint(IPAddress.Loopback, 0);
        sockets.Bind(asked);
        using var socket = sockets.Take(asked);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        using (var early = new TcpClient())
        {
            var refused = await Assert.ThrowsAnyAsync<SocketException>(() => early.ConnectAsync(IPAddress.Loopback, port));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }

        socket.Listen();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
    }

    [Fact]
    public void A_port_on_which_another_process_listens_cannot_be_bound()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var sockets = new ListenSockets();
        var taken = Assert.Throws<SocketException>(() => sockets.Bind((IPEndPoint)listener.LocalEndpoint));
        Assert.Equal(SocketError.AddressAlreadyInUse, taken.SocketErrorCode);
    }

    [Fact]
    public void Two_ports_that_the_system_chooses_are_two()
    {
        using var sockets = new ListenSockets();
        var asked = new IPEndPoint(IPAddress.Loopback, 0);
        sockets.Bind(asked);
        sockets.Bind(asked);
        using var first = sockets.Take(asked);
        using var second = sockets.Take(asked);
        using var third = sockets.Take(asked);
        Assert.Equal(3, new[] { first, second, third }.Select(socket => socket.LocalEndPoint).Distinct().Count());
    }
}
