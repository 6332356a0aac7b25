using System.Diagnostics;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>
/// OpenTelemetry spans of an enrolment (System.Diagnostics.ActivitySource <c>Certctl</c>): one per message, one per pipeline step. No span
/// is made without a listener. Of what a requester chooses they carry only PathID, kind, outcome and reason.
/// </summary>
public static class EnrolmentTrace
{
    private static readonly ActivitySource Source = new(EnrolmentMetrics.MeterName);

    /// <summary>Starts the span of a message; null without a listener.</summary>
    public static Activity? Message(string name, string pathId, string requestId)
    {
        if (!Source.HasListeners())
            return null;

        // A trace of its own: that of the HTTP request is not recorded (its URL holds the message of a GET),
        // and a device's traceparent says nothing to us.
        Activity.Current = null;
        return Source.StartActivity(name, ActivityKind.Server)?.SetTag("certctl.profile", pathId).SetTag("certctl.request_id", requestId);
    }

    /// <summary>Starts the span of one pipeline step.</summary>
    public static Activity? StartStep(string name) => Source.StartActivity(name);

    /// <param name="reason">The label of a refusal; null: there was none.</param>
    public static void Ended(this Activity? message, string kind, string outcome, string? reason) =>
        message?.SetTag("certctl.kind", kind).SetTag("certctl.outcome", outcome).SetTag("certctl.reason", reason);
}
