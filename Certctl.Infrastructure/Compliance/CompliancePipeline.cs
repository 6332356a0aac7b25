using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Certctl.Infrastructure.Compliance;

/// <summary>
/// What stands between an enrolment and the service, outermost first: a limit of questions at once, the time for all of it, attempts,
/// the circuit, the time for one attempt.
/// </summary>
internal static class CompliancePipeline
{
    // A service may take the time that it was given. A moment less, so that the circuit sees silence as failure before the whole ends.
    private const double ShareOfAnAttempt = 0.9;
    private const double ShareOfAPause = 0.025;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    // After silence there is no time left to ask again.
    private static readonly PredicateBuilder<ComplianceAttempt> MayPass = new PredicateBuilder<ComplianceAttempt>()
        .HandleResult(attempt => attempt.MayPass);

    private static readonly PredicateBuilder<ComplianceAttempt> Failed =
        new PredicateBuilder<ComplianceAttempt>().Handle<TimeoutRejectedException>().HandleResult(attempt => attempt.MayPass);

    /// <param name="circuit">Told of each change: <c>open</c>, <c>half-open</c>, <c>closed</c>.</param>
    public static ResiliencePipeline<ComplianceAttempt> Build(TimeSpan timeout, ComplianceLimits limits, Action<string> circuit) =>
        new ResiliencePipelineBuilder<ComplianceAttempt>()
            .AddConcurrencyLimiter(limits.Concurrency, queueLimit: 0)
            .AddTimeout(timeout)
            .AddRetry(new RetryStrategyOptions<ComplianceAttempt>
            {
                ShouldHandle = MayPass,
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
