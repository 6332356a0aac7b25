using System.Net;
using System.Net.Sockets;

namespace Certctl.Tests.Fixtures;

/// <summary>A TCP relay on loopback that a test can shut: then it cuts what runs through it and lets nothing new in, as a server that went down.</summary>
internal sealed class TcpGate : IAsyncDisposable
{
    private readonly IPEndPoint _target;
    private readonly List<TcpClient> _open = [];
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;

    public TcpGate(string host, int port)
    {
        _target = new IPEndPoint(IPAddress.Parse(host), port);
        Open();
    }

    public int Port { get; private set; }

    /// <summary>On the same port as before.</summary>
    public void Open()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    public async Task ShutAsync()
    {
        _listener!.Stop();
        lock (_open)
        {
            foreach (var client in _open)
                client.Close();
            _open.Clear();
        }

        await _accepting;
    }

    public async ValueTask DisposeAsync() => await ShutAsync();

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
                _ = RelayAsync(await listener.AcceptTcpClientAsync());
        }
        catch (SocketException)
        {
            // Shut.
        }
        catch (ObjectDisposedException)
        {
            // Shut.
        }
    }

    private async Task RelayAsync(TcpClient near)
    {
        var far = new TcpClient();
        lock (_open)
            _open.AddRange([near, far]);
        try
        {
            await far.ConnectAsync(_target);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
        }
        catch (Exception cut) when (cut is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Shut while it ran.
        }

        near.Close();
        far.Close();
    }
}
