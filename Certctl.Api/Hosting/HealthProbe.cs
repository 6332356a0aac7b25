using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Certctl.Api.Hosting;

/// <summary>
/// Asks a server on this machine for <c>/health</c>. Plain TLS and one line of HTTP by hand: a container runs this every few seconds, and HttpClient alone costs more
/// CPU than the whole question.
/// </summary>
internal static class HealthProbe
{
    private const int MaxStatusLine = 256;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Null when the server that shows the certificate of <paramref name="certPath"/> says that it is healthy; else why not, with the remedy.</summary>
    /// <param name="address">That the server listens on; a wildcard is asked on the loopback.</param>
    public static async Task<string?> FindProblemAsync(IPAddress address, int port, string certPath, CancellationToken cancellationToken)
    {
        if (port == 0)
            return "CERTCTL_SERVER_PORT is 0, so the port is not known; set it to a number.";
        if (ReadCertificate(certPath) is not { } expected)
            return $"{certPath}: cannot be read as a PEM certificate; run: certctl doctor";
        var target = new IPEndPoint(address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address, port);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(Timeout);
        try
        {
            var status = await AskAsync(target, expected, bounded.Token);
            return status is "HTTP/1.1 200 OK" ? null : $"{target} answers \"{status}\" instead of 200; see the server's log.";
        }
        catch (SocketException refused)
        {
            return $"{target} cannot be reached: {refused.Message}. Is the server running?";
        }
        catch (AuthenticationException)
        {
            return $"{target} does not show the certificate of {certPath}. If the file was replaced, send SIGHUP to the server; else another program listens there.";
        }
        catch (IOException broken)
        {
            return $"{target} ended the connection: {broken.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{target} did not answer within {Timeout.TotalSeconds:0} s.";
        }
    }

    private static byte[]? ReadCertificate(string path)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            return certificate.RawData;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // The certificate is compared octet for octet: no name, no path and no date can make another server pass.
    private static async Task<string> AskAsync(IPEndPoint target, byte[] expected, CancellationToken cancellationToken)
    {
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target, cancellationToken);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(expected),
            },
            cancellationToken);
        await tls.WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellationToken);
        var line = new byte[MaxStatusLine];
        var length = 0;
        while (length < line.Length && !line.AsSpan(0, length).Contains((byte)'\n') && await tls.ReadAsync(line.AsMemory(length), cancellationToken) is > 0 and var read)
            length += read;
        return Encoding.ASCII.GetString(line, 0, length).Split('\r')[0];
    }
}
