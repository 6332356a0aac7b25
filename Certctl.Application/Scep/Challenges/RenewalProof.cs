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
        if (await KnownSigner.FindAsync(enrolments, context, cancellationToken) is not { } known)
            return new ChallengeVerdict.Rejected(FailureReason.RenewalSignerUnknown, $"signer {context.Signer.Subject} is not in the journal of {context.Profile.Issuer.IssuerId}");

        return (KnownSigner.Judge(known, context) ?? JudgeRenewal(known, command)) is { } failure
            ? new ChallengeVerdict.Rejected(failure)
            : new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber));
    }

    private static EnrolmentFailure? JudgeRenewal(IssuedCertificate old, IIssuanceCommand command)
    {
        var profile = command.Context.Profile;
        if (!profile.RenewalMayChangeName && !SameNames(old, command))
            return new(FailureReason.RenewalNameChanged, $"{old.SerialNumber} is {old.Subject} [{string.Join(", ", old.SubjectAltNames)}]");

        // RFC 8894 §2.4: a challengePassword is optional in a renewal; one that is there must be right.
        return command.Csr.ChallengePassword is { } presented && StaticChallengeValidator.Validate(profile, presented) is ChallengeVerdict.Rejected wrong
            ? wrong.Failure
            : null;
    }

    private static bool SameNames(IssuedCertificate old, IIssuanceCommand command) =>
        command.Context.Signer.Subject.SameAs(command.Csr.Subject)
        && old.SubjectAltNames.Select(Comparable).ToHashSet(StringComparer.Ordinal).SetEquals(command.Csr.SubjectAltNames.Select(san => Comparable(san.ToString())));

    // RFC 5280 §7.2: DNS names are the same in any case. No other name is: spiffe://td/Admin is not spiffe://td/admin.
    private static string Comparable(string name) => name.StartsWith("DNS:", StringComparison.Ordinal) ? name.ToLowerInvariant() : name;
}
