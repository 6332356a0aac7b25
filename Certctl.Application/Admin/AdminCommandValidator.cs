using System.Globalization;
using System.Linq.Expressions;
using Certctl.Domain.Profiles;
using FluentValidation;

namespace Certctl.Application.Admin;

/// <summary>The rules of every command; each adds its own. A message begins with the field that it is about.</summary>
public abstract class AdminCommandValidator<TCommand> : AbstractValidator<TCommand>
    where TCommand : AdminCommand
{
    private const int MaxActor = 255;

    protected AdminCommandValidator() =>
        RuleFor(c => c.Caller.Actor).Must(
            actor => !string.IsNullOrWhiteSpace(actor) && TextLength.Of(actor) <= MaxActor && !actor.Any(IsUnseen))
            .WithMessage($"actor: must have 1 to {MaxActor} characters, none of them invisible or a control character");

    /// <summary>Free text for other operators.</summary>
    protected void RuleForNote(Expression<Func<TCommand, string>> note) =>
        RuleFor(note).Must(text => TextLength.Of(text) <= AdminNote.MaxLength)
            .WithMessage($"note: must have at most {AdminNote.MaxLength} characters");

    // Invisible characters must not make one operator count as two.
    private static bool IsUnseen(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;
}

/// <summary>An operator's note about a change.</summary>
public static class AdminNote
{
    public const int MaxLength = 1000;
}
