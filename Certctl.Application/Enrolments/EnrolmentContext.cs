using Certctl.Application.Challenges;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Issuers;
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

/// <summary>
/// What the checks and the handler share about one request. Inputs are set once by the responder; what the checks find out has a slot each,
/// written once by the check that answers for it: the signer by the signer check, the grant by the challenge dispatcher, what is stored by
/// the repeat check, the repeat by that or the replay check, the note by the compliance hook.
/// </summary>
public sealed class EnrolmentContext
{
    private readonly ICertificateIssuer? _issuer;
    private JudgedSigner? _signer;
    private ChallengeGrant? _grant;
    private PresentedChallenge? _challenge;
    private StoredEnrolment? _stored;
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

    /// <summary>
    /// SHA-256 of what makes two requests the same one, where clients sign a request anew for each try. Null: the octets of the PKCS#10.
    /// </summary>
    public ReadOnlyMemory<byte>? Identity { get; init; }

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

    /// <summary>What authorised the request; reading it before the challenge check has set it is a programming error.</summary>
    public ChallengeGrant Grant
    {
        get => _grant ?? throw new InvalidOperationException("The grant of this request has not been set.");
        set => _grant = Once(_grant, value);
    }

    /// <summary>What the kind that judged the challenge leaves of it; null: none came, or it leaves nothing.</summary>
    public PresentedChallenge? Challenge
    {
        get => _challenge;
        set => _challenge = Once(_challenge, value);
    }

    /// <summary>What the journal has of this very request, by its <see cref="Identity"/>, and answers it with; null: nothing.</summary>
    public StoredEnrolment? Stored
    {
        get => _stored;
        set => _stored = Once(_stored, value);
    }

    /// <summary>
    /// The journal knows this very request by its challenge or its identity: it will be answered as before, and nothing new is decided.
    /// </summary>
    public bool IsRepeat { get; private set; }

    /// <summary>What the compliance service said, for the audit; null when it was not asked.</summary>
    public string? ComplianceNote
    {
        get => _complianceNote;
        set => _complianceNote = Once(_complianceNote, value);
    }

    public void MarkRepeat() => IsRepeat = true;

    /// <summary>The kind that judged the challenge of this request, or of the stored one that it asks for; null: none that tells.</summary>
    public IChallengeValidator? KindOf(Enrolment enrolment) =>
        Challenge?.Kind ?? Policy.Challenges.FirstOrDefault(kind => kind.HasJudged(enrolment));

    private static T? Once<T>(T? old, T? value)
        where T : class => old is null ? value : throw new InvalidOperationException($"The {typeof(T).Name} of a request is written once.");
}
