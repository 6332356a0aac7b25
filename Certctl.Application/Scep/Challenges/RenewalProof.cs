using Certctl.Application.Enrolment;
using Certctl.Application.Enrolment.Pipeline;
using Certctl.Application.Scep.RenewalReq;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Scep.Challenges;

/// <summary>
/// RFC 8894 §2.3: the signature by a certificate of ours is the authorisation. Claims every RenewalReq, and a PKCSReq without challengePassword that
/// was not signed by a self-signed certificate: Apple, Cisco, sscep and jscep renew that way.
/// </summary>
public sealed class RenewalProof(IEnrolmentRepository enrolments) : IChallengeValidator
{
    public bool Handles(IIssuanceCommand command) =>
        command is RenewalReqCommand || (command.Csr.ChallengePassword is null && !command.Context.Signer.IsSelfIssued);

    public async Task<ChallengeVerdict> ValidateAsync(IIssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var serial = SerialNumber(context.Signer);
        var known = serial is null ? null : await enrolments.FindCertificateAsync(context.Profile.Issuer.IssuerId, serial, cancellationToken);

        // The journal's own copy, octet for octet: nothing that merely looks like a certificate of ours passes.
        if (known is null || !context.Signer.CertificateDer.Span.SequenceEqual(known.Der))
            return new ChallengeVerdict.Rejected(FailureReason.RenewalSignerUnknown, $"signer {context.Signer.Subject} is not in the journal of {context.Profile.Issuer.IssuerId}");

        return Judge(known, command) is { } failure
            ? new ChallengeVerdict.Rejected(failure)
            : new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber));
    }

    private static EnrolmentFailure? Judge(IssuedCertificate old, IIssuanceCommand command)
    {
        var (profile, now) = (command.Context.Profile, command.Context.ReceivedAt);
        if (old.IsRevoked)
            return new(FailureReason.RenewalSignerRevoked, $"{old.SerialNumber} was revoked at {old.RevokedAt:O}");
        if (now < old.NotBefore || now >= old.NotAfter)
            return new(FailureReason.RenewalSignerExpired, $"{old.SerialNumber} is valid from {old.NotBefore:O} to {old.NotAfter:O}");
        if (old.PathId != profile.PathId)
            return new(FailureReason.RenewalOtherProfile, $"{old.SerialNumber} was issued on path \"{old.PathId}\"");
        if (!profile.RenewalMayChangeName && !SameNames(old, command))
            return new(FailureReason.RenewalNameChanged, $"{old.SerialNumber} is {old.Subject} [{string.Join(", ", old.SubjectAltNames)}]");

        // RFC 8894 §2.4: a challengePassword is optional in a renewal; one that is there must be right.
        return command.Csr.ChallengePassword is { } presented && StaticChallengeValidator.Validate(profile, presented) is ChallengeVerdict.Rejected wrong
            ? wrong.Failure
            : null;
    }

    // Names are compared by type and text, so that a device may choose another string type for the same name.
    private static bool SameNames(IssuedCertificate old, IIssuanceCommand command) =>
        command.Context.Signer.Subject.ToString() == command.Csr.Subject.ToString()
        && old.SubjectAltNames.Select(Comparable).ToHashSet(StringComparer.Ordinal).SetEquals(command.Csr.SubjectAltNames.Select(san => Comparable(san.ToString())));

    // RFC 5280 §7.2: DNS names are the same in any case. No other name is: spiffe://td/Admin is not spiffe://td/admin.
    private static string Comparable(string name) => name.StartsWith("DNS:", StringComparison.Ordinal) ? name.ToLowerInvariant() : name;

    private static string? SerialNumber(RequestSigner signer)
    {
        // RFC 5280 §4.1.2.2: ours are at most 20 octets.
        var hex = Convert.ToHexStringLower(signer.SerialNumber.Span).TrimStart('0');
        return hex.Length is > 0 and <= 40 ? hex.PadLeft(40, '0') : null;
    }
}
