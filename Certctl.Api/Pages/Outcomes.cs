using Certctl.Application.Admin;

namespace Certctl.Api.Pages;

/// <summary>What became of a command, in words for the operator.</summary>
internal static class Outcomes
{
    /// <summary>Null: it was done.</summary>
    public static string? ProblemOf(PageRead<AdminOutcome> sent) => sent switch
    {
        PageRead<AdminOutcome>.Forbidden => Texts.Forbidden,
        PageRead<AdminOutcome>.SignedOut => Texts.SignedOut,
        PageRead<AdminOutcome>.Unavailable => Texts.Unavailable,
        PageRead<AdminOutcome>.Loaded(var outcome) => ProblemOf(outcome),
        _ => throw new InvalidOperationException("There is no other result."),
    };

    private static string? ProblemOf(AdminOutcome outcome) => outcome switch
    {
        AdminOutcome.Invalid(var problems) => string.Join(" ", problems),
        AdminOutcome.NotFound(var detail) => detail,
        AdminOutcome.Conflict(var detail) => detail,
        AdminOutcome.Unacceptable(var detail) => detail,
        AdminOutcome.Outdated(var detail) => detail,
        AdminOutcome.Failed(var detail) => detail,
        _ => null,
    };
}
