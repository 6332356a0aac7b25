using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Certificates;

/// <summary>
/// Every certificate of a filter, or each of a list, is ended before its time: those that are there now, not what is issued later. A job
/// does it (<see cref="JobRunner"/>), and what the job did before an interruption stays done.
/// </summary>
/// <param name="Criteria">At least one of issuer, certificate profile, path, source and serial numbers narrows them.</param>
/// <param name="DryRun">Counts and changes nothing.</param>
public sealed record RevokeManyCommand(
    RevocationCriteria Criteria, RevocationReason Reason, bool DryRun, string Note, AdminCaller Caller) : AdminCommand(Caller);

public sealed class RevokeManyValidator : AdminCommandValidator<RevokeManyCommand>
{
    public const int MaxSerials = 1000;

    public RevokeManyValidator()
    {
        RuleForNote(c => c.Note);
        RuleFor(c => c.Criteria).Must(criteria => criteria.SerialNumbers is not null
            || criteria.Filter is not { IssuerId: null, ProfileId: null, PathId: null, Source: null })
            .WithMessage("body: must name at least one of profile_id, issuer_id, path_id, source, certificate_ids");
        RuleFor(c => c.Criteria.SerialNumbers).Must(serials => serials is null or { Count: > 0 and <= MaxSerials })
            .WithMessage($"certificate_ids: must have 1 to {MaxSerials} values");
    }
}

public sealed class RevokeManyHandler(IJobStore jobs, DatabaseClock clock) : IRequestHandler<RevokeManyCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(RevokeManyCommand request, CancellationToken cancellationToken)
    {
        // What was issued before the caller asked is not missed: the time is read after that, from the clock that stamps certificates.
        var now = await clock.ReadAsync(cancellationToken);
        var job = new RevocationJob
        {
            Id = Guid.CreateVersion7(now),
            Criteria = Fixed(request.Criteria, now),
            Reason = request.Reason,
            Note = request.Note,
            Caller = request.Caller,
            CreatedAt = now,
            Matched = await jobs.CountAsync(Fixed(request.Criteria, now), cancellationToken),
        };
        if (request.DryRun)
        {
            var revocable = await jobs.CountRevocableAsync(job.Criteria, job.Reason, now, cancellationToken);
            return new AdminOutcome.OfJob(
                job with { State = JobState.Done, Revoked = revocable, Skipped = job.Matched - revocable, EndedAt = now });
        }

        await jobs.AddAsync(job, RevocationTrail.JobInitiated(job), cancellationToken);
        return new AdminOutcome.OfJob(job);
    }

    private static RevocationCriteria Fixed(RevocationCriteria criteria, DateTimeOffset now) => new(
        criteria.Filter with { CreatedBefore = now.AddMicroseconds(1) },
        criteria.SerialNumbers is { } serials ? [.. serials.Distinct(StringComparer.Ordinal)] : null);
}
