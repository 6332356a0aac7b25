using System.Diagnostics;

namespace Certctl.Application.Enrolments;

/// <summary>
/// A request's way through the house as a trace (System.Diagnostics.ActivitySource <c>Certctl</c>): one span for the message, one for each room. Nothing
/// is made where nobody listens. What a requester chooses stands in it only as PathID, kind, outcome and reason.
/// </summary>
public static class EnrolmentTrace
{
    private static readonly ActivitySource Source = new(EnrolmentMetrics.MeterName);

    /// <summary>The span of a whole message; null when nobody listens.</summary>
    public static Activity? Message(string name, string pathId, string requestId)
    {
        if (!Source.HasListeners())
            return null;

        // A trace of its own: that of the HTTP request is not recorded (its URL holds the message of a GET), and a device's traceparent says nothing to us.
        Activity.Current = null;
        return Source.StartActivity(name, ActivityKind.Server)?.SetTag("certctl.profile", pathId).SetTag("certctl.request_id", requestId);
    }

    /// <summary>The span of one room of the walk.</summary>
    public static Activity? Room(string name) => Source.StartActivity(name);

    /// <param name="reason">The label of a refusal; null: there was none.</param>
    public static void Ended(this Activity? message, string kind, string outcome, string? reason) =>
        message?.SetTag("certctl.kind", kind).SetTag("certctl.outcome", outcome).SetTag("certctl.reason", reason);
}
