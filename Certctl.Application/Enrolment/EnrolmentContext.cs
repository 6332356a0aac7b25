using Certctl.Application.Scep;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Enrolment;

/// <summary>Where a request came from.</summary>
/// <param name="SourceAddress">The peer's address; null where the transport has none.</param>
/// <param name="RequestId">The id that log, audit and the X-Request-ID header share.</param>
public sealed record RequestOrigin(string? SourceAddress, string RequestId)
{
    /// <summary>On the mTLS route subject and serial number of the client certificate that was let in, else null.</summary>
    public string? ClientCertificate { get; init; }
}

/// <summary>
/// What the rooms share about one request. Inputs are set once by the responder; the grant is written once by the challenge dispatcher.
/// </summary>
public sealed class EnrolmentContext
{
    private readonly ICertificateIssuer? _issuer;
    private ChallengeGrant? _grant;

    public required ScepProfile Profile { get; init; }

    /// <summary>The CA of the profile that was asked; the current one unless said otherwise.</summary>
    public ICertificateIssuer Issuer
    {
        get => _issuer ?? Profile.Issuer;
        init => _issuer = value;
    }

    public required TransactionId TransactionId { get; init; }

    public required RequestSigner Signer { get; init; }

    public required RequestOrigin Origin { get; init; }

    /// <summary>One instant for the whole walk.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Who vouched; reading it before anybody has is our own fault.</summary>
    public ChallengeGrant Grant
    {
        get => _grant ?? throw new InvalidOperationException("Nobody has vouched for this request.");
        set => _grant = _grant is null ? value : throw new InvalidOperationException("The grant is written once.");
    }
}
