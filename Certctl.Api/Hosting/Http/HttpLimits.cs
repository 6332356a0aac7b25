namespace Certctl.Api.Hosting.Http;

/// <summary>
/// Every limit that HTTP has here, in octets where nothing else is said. What goes beyond is refused before it costs anything.
/// </summary>
internal static class HttpLimits
{
    /// <summary>
    /// GET carries whole pkiMessages in its request line; NDES and its clients go to 64 KiB, and method and version come on top. Beyond:
    /// 414.
    /// </summary>
    public const int RequestLine = (64 * 1024) + 256;

    /// <summary>All headers together. In HTTP/2 the request line is a header among the others. Beyond: 431.</summary>
    public const int Headers = RequestLine + (32 * 1024);

    /// <summary>Number of headers. Beyond: 431.</summary>
    public const int HeaderCount = 100;

    /// <summary>
    /// What is read of a body that is too large and thrown away: a client that is still sending when the connection closes never sees its
    /// 413.
    /// </summary>
    public const int DiscardedBody = 16 * 1024 * 1024;

    /// <summary>Memory taken at once for a body of announced length; more comes as it arrives.</summary>
    public const int UsualBody = 16 * 1024;

    /// <summary>
    /// Connections at a time: each costs some tens of kilobytes before it has said anything; more than this at once is no fleet.
    /// </summary>
    public const int Connections = 10_000;

    public static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);
}
