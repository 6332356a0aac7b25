namespace Certctl.Infrastructure.StatusClient;

/// <summary>Why a verb of a relying party cannot go on, and so its exit code.</summary>
public enum StatusFault
{
    /// <summary>What was asked for makes no sense.</summary>
    Usage,

    /// <summary>The server cannot be reached, its TLS certificate is not trusted, or it answers with an HTTP error.</summary>
    Network,

    /// <summary>What came is not what it should be.</summary>
    Unusable,

    /// <summary>A file here cannot be read or is not what it should be.</summary>
    LocalFile,
}

/// <summary>
/// The one exception of this client. The message is written for the person at the terminal and safe to print: what failed, and where
/// there is something to do about it, what.
/// </summary>
public sealed class StatusClientException(StatusFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public StatusFault Fault { get; } = fault;

    internal static StatusClientException Unusable(string message, Exception? inner = null) => new(StatusFault.Unusable, message, inner);
}
