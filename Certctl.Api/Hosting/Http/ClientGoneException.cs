namespace Certctl.Api.Hosting.Http;

/// <summary>
/// The client gave up while its body was read: a reset stream or connection, a TLS session that broke off. No failure of the server.
/// </summary>
internal sealed class ClientGoneException(IOException inner) : IOException("The client gave up while it sent the body.", inner);

internal static class RequestBodies
{
    /// <summary>As <see cref="Stream.ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
    /// <exception cref="ClientGoneException">The connection or stream ended before the body did.</exception>
    /// <exception cref="BadHttpRequestException">The body is not HTTP, too slow or too large.</exception>
    public static async ValueTask<int> ReadBodyAsync(this HttpRequest request, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await request.Body.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException gone) when (gone is not BadHttpRequestException)
        {
            throw new ClientGoneException(gone);
        }
    }

    /// <summary>
    /// The whole body; null when it is larger than <paramref name="maxSize"/>. Such a one is read on for a while and thrown away: a client
    /// that is still sending when the connection closes never sees why.
    /// </summary>
    public static async Task<byte[]?> ReadWholeBodyAsync(this HttpContext http, int maxSize)
    {
        // RFC 9110 §10.1.1: who asks first whether to send it is told no. What comes next on this connection could be the body or a new
        // request, so it ends.
        if (http.Request.ContentLength > maxSize && http.Request.Headers.Expect.Count > 0)
        {
            if (HttpProtocol.IsHttp11(http.Request.Protocol))
                http.Response.Headers.Connection = "close";
            return null;
        }

        // Grows with what has come, not with what a header promises: that costs a stranger nothing.
        using var kept = new MemoryStream((int)Math.Clamp(http.Request.ContentLength ?? 0, 0, Math.Min(maxSize, HttpLimits.UsualBody)));
        var buffer = new byte[8192];
        var length = 0L;
        int read;

        // To the end of what was sent, also where the client has closed its side by now: RequestAborted may fire before octets that came
        // ahead are read.
        while (length <= maxSize + HttpLimits.DiscardedBody
            && (read = await http.Request.ReadBodyAsync(buffer, CancellationToken.None)) > 0)
        {
            length += read;
            if (length <= maxSize)
                kept.Write(buffer, 0, read);
        }

        return length <= maxSize ? kept.ToArray() : null;
    }
}
