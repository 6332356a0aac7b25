using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Conformance;
using Certctl.Tests.Hostile;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>SIGTERM: no new connections, but requests in progress are answered, and what was answered is durable.</summary>
public sealed class StopTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task A_request_that_is_half_sent_when_the_server_is_told_to_stop_is_answered()
    {
        await using var serving = await CommandLine.ServeAsync(folder.Settings());
        using var wire = serving.Connect(folder.CaFile);
        var device = ScepDevice.Shared();
        var message = (await wire.RequestAsync(device.Csr("CN=half sent", OperatorFolder.Challenge), device)).Build();

        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, serving.Port);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(folder.CaFile);
        await using var tls = new SslStream(
            socket.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.Issuer == ca.Subject);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: localhost\r\nContent-Length: {message.Length}\r\n\r\n")));

        // All but the end: below 240 octets a second, counted from the first one, the HTTP server itself gives a client up.
        var sent = message.Length - 100;
        await tls.WriteAsync(message.AsMemory(0, sent));

        // The request is in the server's hands once a later one on another connection has been answered.
        await wire.Http.GetStringAsync(new Uri(wire.Server, "/health"));
        serving.Signal("TERM");
        await RefusedAsync(serving.Port);

        // Slower than two seconds, the bound that the parser of the command line has for a verb that is told to stop.
        var rest = message.AsMemory(sent);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(3); rest = rest[1..])
        {
            await tls.WriteAsync(rest[..1]);
            await Task.Delay(50);
        }

        await tls.WriteAsync(rest);
        using var answer = new MemoryStream();
        await tls.CopyToAsync(answer);
        var octets = answer.ToArray();
        var head = octets.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(octets, 0, head), StringComparison.Ordinal);
        CertRepReading.Of(octets[(head + 4)..]).Issued(device);
        Assert.Equal(0, await serving.EndedAsync());
        Assert.Equal(1, await new RowCounter(null, folder.Host.DatabaseFile)
            .CountAsync("SELECT COUNT(*) FROM certificates WHERE common_name = 'half sent'"));
    }

    private static async Task RefusedAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            }
            catch (SocketException)
            {
                return;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}
