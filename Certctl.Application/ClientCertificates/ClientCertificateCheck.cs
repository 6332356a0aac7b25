using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.ClientCertificates;

/// <summary>An endpoint that lets clients in by their TLS certificate.</summary>
/// <param name="Protocol">As <see cref="EnrolmentContext.Protocol"/>.</param>
public sealed record GuardedEndpoint(EnrolmentPolicy Policy, IClientTrust Trust, string Protocol);

/// <summary>What is found of a client's certificate.</summary>
/// <param name="Certificate">As far as it can be read.</param>
/// <param name="Failure">Why it is not let in; null when it is.</param>
/// <param name="IsOurs">The journal has it. False where the bundle has refused it: then the journal was not asked.</param>
public sealed record JudgedClient(RequestSigner? Certificate, EnrolmentFailure? Failure, bool IsOurs = false);

/// <summary>
/// Judges what a client showed in the TLS handshake: by the bundle of the endpoint and, where the certificate is one of ours, by the
/// journal. Every request is judged anew, whatever the connection was let in to before.
/// </summary>
public sealed class ClientCertificateCheck(IEnrolmentRepository enrolments)
{
    /// <summary>The client's certificate, as far as it can be read, and why it is not let in; throws when the database fails.</summary>
    /// <param name="shown">Null when the client has shown no certificate.</param>
    public async Task<JudgedClient> JudgeAsync(
        GuardedEndpoint endpoint, ShownCertificates? shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (shown is null)
            return new(null, new EnrolmentFailure(FailureReason.ClientCertificateMissing, "the TLS client showed no certificate"));
        return endpoint.Trust.Judge(shown, now) switch
        {
            ClientVerdict.Untrusted(var certificate, var why) =>
                new(certificate, new EnrolmentFailure(FailureReason.ClientCertificateUntrusted, why)),
            ClientVerdict.Trusted(var certificate, var issuerId) =>
                await JudgeTrustedAsync(endpoint, issuerId, certificate, cancellationToken),
            _ => throw new InvalidOperationException("A client verdict is one of two."),
        };
    }

    /// <summary>
    /// What the journal alone says of a certificate, whatever the bundle does: for renewals, and for what is public to devices of this
    /// endpoint. False: it is none of ours. Whether it has ended is not asked.
    /// </summary>
    public async Task<(bool IsOurs, EnrolmentFailure? Failure)> JudgeOursAsync(
        GuardedEndpoint endpoint, RequestSigner certificate, CancellationToken cancellationToken) =>
        await KnownSigner.FindAsync(enrolments, endpoint.Policy.Issuer.IssuerId, certificate, cancellationToken) is { } known
            ? (true, Judge(endpoint, known))
            : (false, null);

    // A certificate of ours is worth what the journal says of it. All profiles may share one CA, so the bundle alone cannot tell whose
    // certificate it is. The CA that follows and the one before have names of their own, and their certificates stand in the same journal.
    private async Task<JudgedClient> JudgeTrustedAsync(
        GuardedEndpoint endpoint, string? issuerId, RequestSigner certificate, CancellationToken cancellationToken)
    {
        if (await KnownSigner.FindAsync(
            enrolments, issuerId ?? endpoint.Policy.Issuer.IssuerId, certificate, cancellationToken) is { } known)
            return new(certificate, Judge(endpoint, known), IsOurs: true);
        return new(certificate, issuerId is null
            ? null
            : new EnrolmentFailure(
                FailureReason.ClientCertificateUnknown, $"it names {issuerId} as its issuer and is not in the journal"));
    }

    private static EnrolmentFailure? Judge(GuardedEndpoint endpoint, IssuedCertificate known)
    {
        if (known.IsRevoked)
            return new(FailureReason.ClientCertificateRevoked, $"{known.SerialNumber} was revoked at {known.RevokedAt:O}");
        return KnownSigner.FindOtherOrigin(known, endpoint.Policy, endpoint.Protocol) is { } other
            ? new(FailureReason.ClientCertificateUntrusted, other)
            : null;
    }
}
