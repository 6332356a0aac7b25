namespace Certctl.Infrastructure.ScepClient;

/// <summary>How far a client got: the stage that the message names.</summary>
public enum ScepStage
{
    Prepare,
    GetCaCaps,
    GetCaCert,
    GetNextCaCert,
    Request,
    Reply,
    Polling,
    Verify,
    Write,
}

/// <summary>Whose fault it is, and so the exit code.</summary>
public enum ScepClientFault
{
    /// <summary>What was asked for makes no sense.</summary>
    Usage,

    /// <summary>The server cannot be reached, its TLS certificate is not trusted, or it answers with an HTTP error.</summary>
    Network,

    /// <summary>The server answers, but with something wrong or untrusted.</summary>
    Untrusted,

    /// <summary>A file here cannot be read or written, or is not what it should be.</summary>
    LocalFile,
}

/// <summary>
/// The client cannot go on. The message and <see cref="Advice"/> are written for the user at the terminal: what failed, and what to do.
/// Neither ever holds a challenge, a passphrase or a key.
/// </summary>
public sealed class ScepClientException(ScepStage stage, ScepClientFault fault, string message, string advice, Exception? inner = null)
    : Exception(message, inner)
{
    public ScepStage Stage { get; } = stage;

    public ScepClientFault Fault { get; } = fault;

    /// <summary>What to do about it: a sentence or two.</summary>
    public string Advice { get; } = advice;
}

/// <summary>The words that the operator sees.</summary>
public static class ScepStageNames
{
    public static string Name(this ScepStage stage) => stage switch
    {
        ScepStage.Prepare => "prepare",
        ScepStage.GetCaCaps => "GetCACaps",
        ScepStage.GetCaCert => "GetCACert",
        ScepStage.GetNextCaCert => "GetNextCACert",
        ScepStage.Request => "request",
        ScepStage.Reply => "reply",
        ScepStage.Polling => "polling",
        ScepStage.Verify => "verify",
        ScepStage.Write => "write",
    };

    /// <summary>Text that came from the other side, fit for a terminal: control characters cannot move the cursor or fake a line.</summary>
    public static string Printable(string text)
    {
        const int longest = 500;
        var clean = string.Concat(
            text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? '?' : c));
        return clean.Length <= longest ? clean : string.Concat(clean.AsSpan(0, longest), "…");
    }
}
