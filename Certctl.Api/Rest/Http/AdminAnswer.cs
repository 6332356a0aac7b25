using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Jobs;

namespace Certctl.Api.Rest.Http;

/// <summary>What became of a change, over HTTP; and whose it was.</summary>
internal static class AdminAnswer
{
    private const string Channel = "REST API";

    public static AdminCaller Caller(HttpContext http) =>
        new(ApiPolicy.ActorOf(http), Channel, http.Connection.RemoteIpAddress?.ToString(), http.TraceIdentifier)
        {
            Principal = ApiPolicy.PrincipalOf(http.User),
        };

    /// <param name="done">The answer when it was done, from a few words about it.</param>
    public static IResult Of(HttpContext http, AdminOutcome outcome, Func<string, IResult> done) => outcome switch
    {
        AdminOutcome.Done(var summary) => done(summary),
        AdminOutcome.Invalid(var problems) => Invalid(http, ByField(problems)),
        AdminOutcome.NotFound(var detail) => Problems.Problem(http, StatusCodes.Status404NotFound, detail),
        AdminOutcome.Conflict(var detail) => Problems.Problem(http, StatusCodes.Status409Conflict, detail),
        AdminOutcome.Unacceptable(var detail) => Problems.Problem(http, StatusCodes.Status422UnprocessableEntity, detail),
        AdminOutcome.Outdated(var detail) => Problems.Problem(http, StatusCodes.Status412PreconditionFailed, detail),
        AdminOutcome.Failed(var detail) => Problems.Problem(http, StatusCodes.Status500InternalServerError, detail),
        _ => throw new InvalidOperationException("What is stored or done by a job has an answer of its own."),
    };

    /// <param name="show">The answer when there is a job.</param>
    public static IResult OfJob(HttpContext http, AdminOutcome outcome, Func<RevocationJob, IResult> show) =>
        outcome is AdminOutcome.OfJob(var job) ? show(job) : Of(http, outcome, _ => throw new InvalidOperationException("A job does it."));

    /// <param name="stored">The answer when it was stored, from its version.</param>
    public static IResult OfStored(HttpContext http, AdminOutcome outcome, Func<int, IResult> stored) =>
        outcome is AdminOutcome.Stored(var version, _)
            ? stored(version)
            : Of(http, outcome, _ => throw new InvalidOperationException("What is stored has a version."));

    /// <summary>What came in cannot be taken: the first problem as the message, all of them by field.</summary>
    public static IResult Invalid(HttpContext http, IReadOnlyDictionary<string, string[]> errors)
    {
        var (field, problems) = errors.First();
        return Problems.Problem(
            http, StatusCodes.Status400BadRequest, field == "body" ? $"The body {problems[0]}." : $"{field} {problems[0]}", errors);
    }

    /// <param name="problems">"field: what is wrong".</param>
    public static Dictionary<string, string[]> ByField(IReadOnlyList<string> problems) => problems
        .Select(problem => problem.Split(": ", 2))
        .GroupBy(parts => parts.Length == 2 ? parts[0] : "body", parts => parts[^1], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
}
