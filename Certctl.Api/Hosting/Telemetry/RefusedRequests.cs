using System.Diagnostics.Metrics;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Api.Hosting.Telemetry;

/// <summary>Counts requests that were turned away before anything was decided about them: 401, 403, 429 and 503, by reason.</summary>
internal sealed class RefusedRequests : IDisposable
{
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly Counter<long> _refused;

    public RefusedRequests() => _refused = _meter.CreateCounter<long>(
        "certctl_requests_refused_total", "{request}", "Requests turned away before a decision, by status and reason.");

    /// <param name="reason">A fixed word, such as <c>rate_limited</c>; never what a client sent.</param>
    public void Count(int status, string reason) =>
        _refused.Add(1, new KeyValuePair<string, object?>("status", status), new KeyValuePair<string, object?>("reason", reason));

    public void Dispose() => _meter.Dispose();
}
