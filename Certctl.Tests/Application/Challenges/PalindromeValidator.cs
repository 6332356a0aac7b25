using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Challenges;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Tests.Application.Challenges;

/// <summary>
/// The worked example of CONTRIBUTING.md: a kind of challenge in one file. <c>palindrome:</c> and a text that reads the same backwards
/// vouches once for the device of that name. The product would also give it a value of <see cref="ChallengeKind"/>.
/// </summary>
internal sealed class PalindromeValidator : IChallengeValidator
{
    public const string Prefix = "palindrome:";

    private const string Issuer = "palindromes";

    public List<FailureReason?> Counted { get; } = [];

    public string AuditSuffix => "_palindrome";

    public ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        new(command.Csr.ChallengePassword?.Reveal() is { } text && text.StartsWith(Prefix, StringComparison.Ordinal)
            ? Judge(text[Prefix.Length..], command.Context)
            : new ChallengeVerdict.Unrecognised("it is no palindrome"));

    public bool HasJudged(Enrolment stored) => stored.ClaimIssuer == Issuer;

    public ChallengeReservation? ReservationOf(Enrolment stored, CertificateSigningRequest csr) =>
        Reservation(stored.PathId, stored.ClaimSubject!);

    public void Count(string pathId, FailureReason? refusal) => Counted.Add(refusal);

    private ChallengeVerdict Judge(string word, EnrolmentContext context)
    {
        var token = SHA256.HashData(Encoding.UTF8.GetBytes(word));
        var claim = new DeviceClaim(Issuer, word, word, token);
        context.Challenge = new PresentedChallenge(this, token, claim);
        if (!word.SequenceEqual(word.Reverse()))
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeWrong, "it reads otherwise backwards");
        return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Static, Issuer)
        {
            Claim = claim,
            Reservation = Reservation(context.Policy.PathId, word) with
            {
                Use = ChallengeUse.Of(Issuer, token, context.ReceivedAt + TimeSpan.FromDays(1)),
            },
        });
    }

    private static ChallengeReservation Reservation(string pathId, string word) =>
        new(Replay: FailureReason.RequestExpired, OverBudget: FailureReason.RequestDenied)
        {
            Budget = DeviceBudget.Of(pathId, word, Issuer, 2),
        };
}
