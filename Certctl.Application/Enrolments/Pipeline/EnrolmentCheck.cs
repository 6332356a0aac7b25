using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// One question that a request must answer before it may go on. A check says null to let it pass or a failure to stop it; a "no" is final.
/// The generic constraints of the derived class choose which commands it sees.
/// </summary>
public abstract class EnrolmentCheck<TCommand, TOutcome> : IPipelineBehavior<TCommand, TOutcome>
    where TCommand : EnrolmentCommand
    where TOutcome : EnrolmentOutcome
{
    private readonly string _name;

    protected EnrolmentCheck() => _name = GetType().Name.Split('`')[0];

    public async Task<TOutcome> Handle(TCommand request, CancellationToken cancellationToken, RequestHandlerDelegate<TOutcome> next)
    {
        EnrolmentFailure? failure;

        // The span ends before the next step, so that it shows the time of this check alone.
        using (EnrolmentTrace.StartStep(_name))
            failure = await CheckAsync(request, cancellationToken);
        return failure is null ? await next() : (TOutcome)(EnrolmentOutcome)new EnrolmentOutcome.Refused(failure);
    }

    protected abstract ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken);
}
