using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// Asks a server on this machine for <c>/health</c>. Plain TLS and one line of HTTP by hand: a container runs this every few seconds, and
/// HttpClient alone costs more CPU than the whole question.
/// </summary>
internal static class HealthProbe
{
    private const int MaxStatusLine = 256;

    /// <summary>For a server on a machine that is starved.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// No problem when the server says that it is healthy; else why not, with the remedy. That the certificate it shows is not the one of
    /// the file is a warning: the file is replaced before SIGHUP, and a restart of the container would mend nothing.
    /// </summary>
    /// <param name="address">That the server listens on; a wildcard is asked on the loopback.</param>
    /// <param name="certPath">Null: it is not known which certificate the server shows (quickstart makes its own).</param>
    /// <param name="patience">How long the answer may take, with everything before it.</param>
    public static async Task<(string? Problem, IReadOnlyList<string> Warnings)> AskAsync(
        IPAddress address, int port, string? certPath, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (port == 0)
            return ("CERTCTL_SERVER_PORT is 0, so the port is not known; set it to a number.", []);
        var warnings = new List<string>();
        var (certificates, unreadable) = certPath is null ? ([], []) : KeyFiles.LoadCertificates(certPath);
        warnings.AddRange(unreadable);
        var expected = certificates.Count == 0 ? null : certificates[0].RawData;
        return (await FindProblemAsync(Target(address, port), Compare, patience, cancellationToken), warnings);

        void Compare(byte[] shown)
        {
            if (expected is not null && !shown.AsSpan().SequenceEqual(expected))
            {
                warnings.Add(
                    $"the server does not show the certificate of {certPath}. If the file was replaced, send SIGHUP to the server; "
                    + "else another program may listen there.");
            }
        }
    }

    private static IPEndPoint Target(IPAddress address, int port) => new(
        address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address,
        port);

    private static async Task<string?> FindProblemAsync(
        IPEndPoint target, Action<byte[]> shown, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(patience);
        try
        {
            var status = await AskAsync(target, shown, bounded.Token);
            return status is "HTTP/1.1 200 OK" ? null : $"{target} answers \"{status}\" instead of 200; see the server's log.";
        }
        catch (SocketException refused)
        {
            return $"{target} cannot be reached: {refused.Message}. Is the server running?";
        }
        catch (AuthenticationException failed)
        {
            return $"{target} does not speak TLS as certctl does: {failed.Message}";
        }
        catch (IOException broken)
        {
            return $"{target} ended the connection: {broken.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{target} did not answer within {patience.TotalSeconds:0} s.";
        }
    }

    // Any certificate does: nothing is told to the server, and only its status is taken from it.
    private static async Task<string> AskAsync(IPEndPoint target, Action<byte[]> shown, CancellationToken cancellationToken)
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
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            cancellationToken);
        shown(tls.RemoteCertificate!.GetRawCertData());
        await tls.WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellationToken);
        var line = new byte[MaxStatusLine];
        var length = 0;
        while (length < line.Length && !line.AsSpan(0, length).Contains((byte)'\n')
            && await tls.ReadAsync(line.AsMemory(length), cancellationToken) is > 0 and var read)
            length += read;
        return Encoding.ASCII.GetString(line, 0, length).Split('\r')[0];
    }
}
