using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Certctl.Infrastructure.Compliance;

/// <summary>
/// What stands between an enrolment and the service, outermost first: a limit of questions at once, the time for all of it, attempts, the circuit, the time for one attempt.
/// </summary>
internal static class CompliancePipeline
{
    // Two attempts that go unanswered, with the pause between them, fit into the whole: the circuit sees both.
    private const double ShareOfAnAttempt = 0.45;
    private const double ShareOfAPause = 0.025;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    private static readonly PredicateBuilder<ComplianceAttempt> Failed =
        new PredicateBuilder<ComplianceAttempt>().Handle<TimeoutRejectedException>().HandleResult(attempt => attempt.MayPass);

    /// <param name="circuit">Told of each change: <c>open</c>, <c>half-open</c>, <c>closed</c>.</param>
    public static ResiliencePipeline<ComplianceAttempt> Build(TimeSpan timeout, ComplianceLimits limits, Action<string> circuit) =>
        new ResiliencePipelineBuilder<ComplianceAttempt>()
            .AddConcurrencyLimiter(limits.Concurrency, queueLimit: 0)
            .AddTimeout(timeout)
            .AddRetry(new RetryStrategyOptions<ComplianceAttempt>
            {
                ShouldHandle = Failed,
                MaxRetryAttempts = limits.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromTicks(Math.Min((timeout * ShareOfAPause).Ticks, LongestPause.Ticks)),
                UseJitter = true,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<ComplianceAttempt>
            {
                ShouldHandle = Failed,
                FailureRatio = 0.5,
                MinimumThroughput = limits.LeastAttempts,
                SamplingDuration = limits.Sampling,
                BreakDuration = limits.Pause,
                OnOpened = _ => Told(circuit, "open"),
                OnHalfOpened = _ => Told(circuit, "half-open"),
                OnClosed = _ => Told(circuit, "closed"),
            })
            .AddTimeout(timeout * ShareOfAnAttempt)
            .Build();

    private static ValueTask Told(Action<string> circuit, string state)
    {
        circuit(state);
        return ValueTask.CompletedTask;
    }
}
