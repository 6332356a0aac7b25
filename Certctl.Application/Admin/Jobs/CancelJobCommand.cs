using Certctl.Application.Admin.Certificates;
using MediatR;

namespace Certctl.Application.Admin.Jobs;

/// <summary>A job is ended before it has done all; what it did stays done. One that has ended stays as it is.</summary>
public sealed record CancelJobCommand(Guid Id, AdminCaller Caller) : AdminCommand(Caller);

public sealed class CancelJobValidator : AdminCommandValidator<CancelJobCommand>;

public sealed class CancelJobHandler(IJobStore jobs) : IRequestHandler<CancelJobCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(CancelJobCommand request, CancellationToken cancellationToken)
    {
        await jobs.EndAsync(
            request.Id, fence: null, JobState.Cancelled, error: null, job => RevocationTrail.JobEnded(job, request.Caller),
            cancellationToken);
        return await jobs.FindAsync(request.Id, cancellationToken) is { } job
            ? new AdminOutcome.OfJob(job)
            : new AdminOutcome.NotFound("Job not found");
    }
}
