using Certctl.Domain.Enrolments;

namespace Certctl.Api.Hosting.Telemetry;

/// <summary>What Prometheus must show at <c>/metrics</c>; null: nothing. A reload exchanges it.</summary>
internal sealed class MetricsToken(Secret? token)
{
    private volatile Secret? _current = token;

    public Secret? Current => _current;

    public void Exchange(Secret? token) => _current = token;
}
