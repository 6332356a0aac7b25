using System.Net;
using System.Net.Sockets;

namespace Certctl.Tests.Fixtures.Databases;

/// <summary>
/// A TCP relay on loopback that a test can shut: then it cuts what runs through it and lets nothing new in, as a server that went down.
/// </summary>
internal sealed class TcpGate : IAsyncDisposable
{
    private volatile IPEndPoint _target;
    private readonly List<TcpClient> _open = [];
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private volatile TaskCompletionSource _flowing = new();

    public TcpGate(string host, int port)
    {
        _target = new IPEndPoint(IPAddress.Parse(host), port);
        Flow();
        Open();
    }

    public int Port { get; private set; }

    /// <summary>What comes in from now on goes to another port of loopback.</summary>
    public void Turn(int port) => _target = new IPEndPoint(IPAddress.Loopback, port);

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

    /// <summary>From now on nothing gets through and nothing is cut: a server that hangs, or a network that swallows packets.</summary>
    public void Stall() => _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Flow() => _flowing.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Flow();
        await ShutAsync();
    }

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
        catch (InvalidOperationException)
        {
            // Shut between two calls: not listening any more, or disposed of.
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
            await Task.WhenAny(PumpAsync(near.GetStream(), far.GetStream()), PumpAsync(far.GetStream(), near.GetStream()));
        }
        catch (Exception cut) when (cut is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Shut while it ran.
        }

        near.Close();
        far.Close();
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[8192];
        int read;
        while ((read = await from.ReadAsync(buffer)) > 0)
        {
            await _flowing.Task;
            await to.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
