using Certctl.Application.Admin.Reload;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin;

/// <summary>Something that a person changes. Whether he may is the door's question.</summary>
public abstract record AdminCommand(AdminCaller Caller) : IRequest<AdminOutcome>;

/// <summary>Who wants it changed, and how he came in: for the audit trail.</summary>
/// <param name="Door">Such as <c>REST API</c>.</param>
/// <param name="SourceAddress">Null: he sits at this machine.</param>
/// <param name="RequestId">As the answer and the log have it; null where there is none.</param>
public sealed record AdminCaller(string Actor, string Door, string? SourceAddress = null, string? RequestId = null)
{
    /// <summary>
    /// The actor who answers for this one: of an API key that was made at run time, the one at the beginning of the chain of those who made
    /// keys. Decisions of one principal count once.
    /// </summary>
    public string Principal { get; init; } = Actor;
}

/// <summary>What became of it.</summary>
public abstract record AdminOutcome
{
    private AdminOutcome()
    {
    }

    /// <param name="Summary">In a few words, for people.</param>
    public sealed record Done(string Summary) : AdminOutcome;

    /// <summary>It was stored under a version.</summary>
    public sealed record Stored(int Version, string Summary) : AdminOutcome;

    /// <summary>It was done to many.</summary>
    /// <param name="Matched">All that were meant.</param>
    /// <param name="Changed">Those that it changed, or would.</param>
    public sealed record Counted(int Matched, int Changed) : AdminOutcome;

    /// <summary>Each part of the server was exchanged, or says why not.</summary>
    public sealed record Reloaded(IReadOnlyList<PartReload> Parts) : AdminOutcome;

    /// <param name="Problems">What is wrong with the command itself, by field.</param>
    public sealed record Invalid(IReadOnlyList<string> Problems) : AdminOutcome;

    public sealed record NotFound(string Detail) : AdminOutcome;

    /// <summary>The thing is not in a state in which this can be done.</summary>
    public sealed record Conflict(string Detail) : AdminOutcome;

    /// <summary>It can be read, and is done for no one.</summary>
    public sealed record Unacceptable(string Detail) : AdminOutcome;

    /// <summary>It has changed since the person looked at it.</summary>
    public sealed record Outdated(string Detail) : AdminOutcome;

    /// <summary>It was tried, and something outside would not have it: a file that cannot be read.</summary>
    public sealed record Failed(string Detail) : AdminOutcome;
}

/// <summary>Where every door brings what a person wants changed: past the checks, to its handler.</summary>
public sealed class AdminDesk(IMediator mediator)
{
    public Task<AdminOutcome> SendAsync(AdminCommand command, CancellationToken cancellationToken) => mediator.Send(command, cancellationToken);
}

/// <summary>Well formed? As for the enrolments, the rules stand beside each command; here all problems are told at once.</summary>
public sealed class AdminValidationBehavior<TCommand, TOutcome>(IEnumerable<IValidator<TCommand>> validators) : IPipelineBehavior<TCommand, TOutcome>
    where TCommand : AdminCommand
    where TOutcome : AdminOutcome
{
    public Task<TOutcome> Handle(TCommand request, CancellationToken cancellationToken, RequestHandlerDelegate<TOutcome> next)
    {
        var problems = validators.SelectMany(validator => validator.Validate(request).Errors).Select(error => error.ErrorMessage).ToList();
        return problems.Count == 0 ? next() : Task.FromResult((TOutcome)(AdminOutcome)new AdminOutcome.Invalid(problems));
    }
}
