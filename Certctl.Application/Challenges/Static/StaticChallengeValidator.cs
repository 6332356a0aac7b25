using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.Static;

/// <summary>
/// RFC 8894 §2.4: the profile's shared secret as challengePassword, the current one or, while it is being replaced, the one before.
/// </summary>
/// <param name="current">Null: there is none, and nothing is recognised by it.</param>
/// <param name="previous">Still accepted while a new one is rolled out; null when there is none.</param>
public sealed class StaticChallengeValidator(Secret? current, Secret? previous = null) : IChallengeValidator
{
    private volatile Pair _secrets = new(current, previous);

    /// <summary>Both as they are at one moment: of two reads, a reload between them would mix the old pair with the new.</summary>
    public (Secret? Current, Secret? Previous) Secrets
    {
        get
        {
            var both = _secrets;
            return (both.Current, both.Previous);
        }
    }

    /// <summary>A reload replaces both.</summary>
    public void Exchange(Secret? current, Secret? previous) => _secrets = new Pair(current, previous);

    public ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        new(command.Csr.ChallengePassword is { } presented ? Compare(presented) : new ChallengeVerdict.Unrecognised());

    private ChallengeVerdict Compare(Secret presented)
    {
        // Both are compared whatever the first says: the time does not tell which one was right.
        var secrets = _secrets;
        var current = secrets.Current?.Matches(presented) ?? false;
        var previous = secrets.Previous?.Matches(presented) ?? false;
        return current || previous
            ? new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Static, current ? "current" : "previous"))
            : new ChallengeVerdict.Unrecognised("challengePassword matches neither the current nor a previous secret");
    }

    private sealed record Pair(Secret? Current, Secret? Previous);
}
