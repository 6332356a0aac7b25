using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>How far an EST client got: the stage that the message names.</summary>
public enum EstStage
{
    Prepare,
    CaCerts,
    CsrAttrs,
    Request,
    Waiting,
    Verify,
    Write,
}

/// <summary>Whose fault it is, and so the exit code.</summary>
public enum EstFault
{
    /// <summary>What was asked for makes no sense.</summary>
    Usage,

    /// <summary>The server cannot be reached, its TLS certificate is not trusted, or it does not offer the operation now.</summary>
    Network,

    /// <summary>The server answers, but with something wrong or untrusted, or asks for what this client cannot do.</summary>
    Untrusted,

    /// <summary>A file here cannot be read or written, or is not what it should be.</summary>
    LocalFile,
}

/// <summary>
/// The EST client cannot go on. The message and <see cref="Advice"/> are written for the user at the terminal: what failed, and what to
/// do. Neither ever holds a password, a passphrase or a key.
/// </summary>
public sealed class EstClientException(EstStage stage, EstFault fault, string message, string advice, Exception? inner = null)
    : Exception(message, inner)
{
    public EstStage Stage { get; } = stage;

    public EstFault Fault { get; } = fault;

    /// <summary>What to do about it: a sentence or two.</summary>
    public string Advice { get; } = advice;

    /// <summary>What the parts that this client shares with the SCEP client report: key files, names, fingerprints.</summary>
    public static EstClientException From(ScepClientException trouble) => new(
        trouble.Stage switch
        {
            ScepStage.Write => EstStage.Write,
            ScepStage.Verify => EstStage.Verify,
            ScepStage.GetCaCert => EstStage.CaCerts,
            _ => EstStage.Prepare,
        },
        trouble.Fault switch
        {
            ScepClientFault.Usage => EstFault.Usage,
            ScepClientFault.Network => EstFault.Network,
            ScepClientFault.Untrusted => EstFault.Untrusted,
            ScepClientFault.LocalFile => EstFault.LocalFile,
        },
        trouble.Message,
        trouble.Advice,
        trouble);

    internal static EstClientException Untrusted(EstStage stage, string message, string advice, Exception? inner = null) =>
        new(stage, EstFault.Untrusted, message, advice, inner);
}

/// <summary>The words that the operator sees.</summary>
public static class EstStageNames
{
    public static string Name(this EstStage stage) => stage switch
    {
        EstStage.Prepare => "prepare",
        EstStage.CaCerts => "cacerts",
        EstStage.CsrAttrs => "csrattrs",
        EstStage.Request => "request",
        EstStage.Waiting => "waiting",
        EstStage.Verify => "verify",
        EstStage.Write => "write",
    };
}
