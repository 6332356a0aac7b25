using System.CommandLine;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Commands.Admin;

/// <summary><c>certctl revoke</c> without a serial number: queues a bulk revocation, which a running server carries out.</summary>
internal static class RevokeManyVerb
{
    public static readonly Option<string?> Profile = Criterion("--profile", "ID", "Revoke all of this certificate profile.");

    public static readonly Option<string?> Path = Criterion(
        "--path", "PATHID", "Revoke all that came through this SCEP profile; (root) is the root profile.");

    public static readonly Option<string?> Source = Criterion(
        "--source", "WORD", $"Revoke all that came by this protocol: {string.Join(", ", Vocabulary.Sources)}.");

    public static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "With --profile, --path, --source or --issuer alone: count, and change nothing.",
    };

    public static readonly Option<bool> Wait = new("--wait")
    {
        Description = "With --profile, --path, --source or --issuer alone: show the progress until the end. Ctrl-C ends the waiting alone.",
    };

    /// <summary>All that choose or follow more than one certificate.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Profile, Path, Source, DryRun, Wait];

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UnusuallyLong = TimeSpan.FromSeconds(10);

    /// <param name="issuer">Null: it was not given, and does not matter.</param>
    public static async Task<int> RunAsync(
        ParseResult parse, string? issuer, RevocationReason reason, string note, AdminCaller caller, IServiceProvider services,
        CancellationToken cancellationToken)
    {
        if (parse.GetValue(Profile) is { } profile
            && await services.GetRequiredService<ICertificateProfileRepository>().FindAsync(profile, fresh: true,
                cancellationToken) is null)
            return RevokeCommand.Fail([$"There is no certificate profile {profile}."]);
        var filter = new CertificateFilter
        {
            IssuerId = issuer,
            ProfileId = parse.GetValue(Profile),
            PathId = parse.GetValue(Path) is { } path ? ScepPathId.Of(path) : null,
            Source = parse.GetValue(Source),
        };
        var outcome = await services.GetRequiredService<AdminDispatcher>().SendAsync(
            new RevokeManyCommand(new RevocationCriteria(filter, null), reason, parse.GetValue(DryRun), note, caller), cancellationToken);
        if (outcome is AdminOutcome.Invalid(var problems))
            return RevokeCommand.Fail(problems);
        var job = ((AdminOutcome.OfJob)outcome).Job;
        if (parse.GetValue(DryRun))
        {
            Console.WriteLine($"{job.Revoked} of {job.Matched} certificates would be revoked; {job.Skipped} have ended or are revoked.");
            return 0;
        }

        Console.WriteLine($"Job {job.Id}: {job.Matched} certificates are looked at by a running server.");
        return parse.GetValue(Wait) ? await FollowAsync(job, services.GetRequiredService<IJobStore>(), cancellationToken) : 0;
    }

    private static async Task<int> FollowAsync(RevocationJob queued, IJobStore jobs, CancellationToken cancellationToken)
    {
        var (job, told) = (queued, TimeSpan.Zero);
        using var timer = new PeriodicTimer(Period);
        while (job.EndedAt is null)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            if (await jobs.FindAsync(job.Id, cancellationToken) is not { } now)
                return RevokeCommand.Fail([$"Job {job.Id} has been removed."]);
            told += Period;
            if (now.State == JobState.Queued && told == UnusuallyLong)
                Console.Error.WriteLine("certctl revoke: no server has taken it up yet; it waits for one");
            if ((now.State, now.Revoked, now.Skipped) != (job.State, job.Revoked, job.Skipped))
                Console.WriteLine($"{now.State}: {now.Revoked} of {now.Matched} revoked, {now.Skipped} skipped.");
            job = now;
        }

        return job.State == JobState.Done
            ? 0
            : RevokeCommand.Fail([job.Error is { } error ? $"The job failed: {error}" : "The job was cancelled."]);
    }

    // An empty variable of a script must not widen what is revoked.
    private static Option<string?> Criterion(string name, string word, string description) => new(name)
    {
        HelpName = word,
        Description = description,
        Validators =
        {
            given =>
            {
                var value = given.Tokens is [var token] ? token.Value : "";
                if (string.IsNullOrWhiteSpace(value))
                    given.AddError($"{name} needs a value; leave it out where it does not matter.");
                else if (name == "--source" && !Vocabulary.Sources.Contains(value))
                    given.AddError($"--source is one of {string.Join(", ", Vocabulary.Sources)}.");
            },
        },
    };
}
