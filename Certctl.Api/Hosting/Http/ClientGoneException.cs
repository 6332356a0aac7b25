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
}
