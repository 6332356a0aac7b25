using Certctl.Application.Enrolments.Pipeline;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>Where a request came from.</summary>
/// <param name="SourceAddress">The peer's address; null where the transport has none.</param>
/// <param name="RequestId">The id that log, audit and the X-Request-ID header share.</param>
public sealed record RequestOrigin(string? SourceAddress, string RequestId)
{
    /// <summary>On the mTLS route subject and serial number of the client certificate that was let in, else null.</summary>
    public string? ClientCertificate { get; init; }
}

/// <summary>What is known of the signed challenge that came with a request, good or not: for the audit alone.</summary>
/// <param name="TokenSha256">32 octets that name it.</param>
/// <param name="Claim">Null until its signature is verified.</param>
public sealed record ChallengeTrace(ReadOnlyMemory<byte> TokenSha256, DeviceClaim? Claim);

/// <summary>
/// What the checks and the handler share about one request. Inputs are set once by the responder; what the checks find out has a slot each,
/// written once by the check that answers for it: the signer by the signer check, the grant by the challenge dispatcher, the repeat by the
/// replay check, the note by the compliance hook.
/// </summary>
public sealed class EnrolmentContext
{
    private readonly ICertificateIssuer? _issuer;
    private JudgedSigner? _signer;
    private ChallengeGrant? _grant;
    private ChallengeTrace? _trace;
    private string? _complianceNote;

    public required EnrolmentPolicy Policy { get; init; }

    /// <summary>The protocol in which the request came, as journal, certificates and the compliance service name it: <c>SCEP</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The CA of the endpoint that was asked; the current one unless said otherwise.</summary>
    public ICertificateIssuer Issuer
    {
        get => _issuer ?? Policy.Issuer;
        init => _issuer = value;
    }

    public required TransactionId TransactionId { get; init; }

    /// <summary>Whose key signed the request.</summary>
    public required RequestSigner Requester { get; init; }

    public required RequestOrigin Origin { get; init; }

    /// <summary>One instant for the whole request, by the database's time: validity that one process grants, another one judges.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>What the signer check found.</summary>
    public JudgedSigner Signer
    {
        get => _signer ?? throw new InvalidOperationException("The signer of this request has not been judged.");
        set => _signer = Once(_signer, value);
    }

    /// <summary>Who vouched; reading it before anybody has is our own fault.</summary>
    public ChallengeGrant Grant
    {
        get => _grant ?? throw new InvalidOperationException("Nobody has vouched for this request.");
        set => _grant = Once(_grant, value);
    }

    /// <summary>Whoever looked at a signed challenge says which; null: none came.</summary>
    public ChallengeTrace? Trace
    {
        get => _trace;
        set => _trace = Once(_trace, value);
    }

    /// <summary>The journal knows this very request by its signed challenge: it will be answered as before, and nothing new is decided.</summary>
    public bool IsRepeat { get; private set; }

    /// <summary>What the compliance service said, for the audit; null: nobody was asked.</summary>
    public string? ComplianceNote
    {
        get => _complianceNote;
        set => _complianceNote = Once(_complianceNote, value);
    }

    public void MarkRepeat() => IsRepeat = true;

    private static T? Once<T>(T? old, T? value)
        where T : class => old is null ? value : throw new InvalidOperationException($"The {typeof(T).Name} of a request is written once.");
}
