using Certctl.Application.Admin.Jobs;
using Certctl.Application.Admin.Reload;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin;

/// <summary>A state change requested by an operator. Authorisation happens at the endpoint.</summary>
public abstract record AdminCommand(AdminCaller Caller) : IRequest<AdminOutcome>;

/// <summary>Who requested the change and through which channel, for the audit trail.</summary>
/// <param name="Channel">Such as <c>REST API</c>.</param>
/// <param name="SourceAddress">Null for commands on the server's own machine.</param>
/// <param name="RequestId">As the answer and the log have it; null where there is none.</param>
public sealed record AdminCaller(string Actor, string Channel, string? SourceAddress = null, string? RequestId = null)
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

    /// <param name="Summary">A short human-readable summary.</param>
    public sealed record Done(string Summary) : AdminOutcome;

    /// <summary>It was stored under a version.</summary>
    public sealed record Stored(int Version, string Summary) : AdminOutcome;

    /// <summary>A job does it, or would: of a dry run it is not kept.</summary>
    public sealed record OfJob(RevocationJob Job) : AdminOutcome;

    /// <summary>Each part of the server was exchanged, or says why not.</summary>
    public sealed record Reloaded(IReadOnlyList<PartReload> Parts) : AdminOutcome;

    /// <param name="Problems">What is wrong with the command itself, by field.</param>
    public sealed record Invalid(IReadOnlyList<string> Problems) : AdminOutcome;

    public sealed record NotFound(string Detail) : AdminOutcome;

    /// <summary>The thing is not in a state in which this can be done.</summary>
    public sealed record Conflict(string Detail) : AdminOutcome;

    /// <summary>It can be read, and is done for no one.</summary>
    public sealed record Unacceptable(string Detail) : AdminOutcome;

    /// <summary>It has changed since the caller read it.</summary>
    public sealed record Outdated(string Detail) : AdminOutcome;

    /// <summary>It was tried, and something outside would not have it: a file that cannot be read.</summary>
    public sealed record Failed(string Detail) : AdminOutcome;
}

/// <summary>Sends an admin command through validation to its handler; used by the REST API and the command line.</summary>
public sealed class AdminDispatcher(IMediator mediator)
{
    public Task<AdminOutcome> SendAsync(AdminCommand command, CancellationToken cancellationToken) =>
        mediator.Send(command, cancellationToken);
}

/// <summary>Well formed? As for the enrolments, the rules stand beside each command; here all problems are told at once.</summary>
public sealed class AdminValidationBehavior<TCommand, TOutcome>(IEnumerable<IValidator<TCommand>> validators)
    : IPipelineBehavior<TCommand, TOutcome>
    where TCommand : AdminCommand
    where TOutcome : AdminOutcome
{
    public Task<TOutcome> Handle(TCommand request, CancellationToken cancellationToken, RequestHandlerDelegate<TOutcome> next)
    {
        var problems = validators.SelectMany(validator => validator.Validate(request).Errors).Select(error => error.ErrorMessage).ToList();
        return problems.Count == 0 ? next() : Task.FromResult((TOutcome)(AdminOutcome)new AdminOutcome.Invalid(problems));
    }
}
