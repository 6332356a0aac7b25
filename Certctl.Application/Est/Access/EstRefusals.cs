using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Est.Access;

/// <summary>Records what was refused before anything of the request was read: audit, metrics, log.</summary>
public sealed partial class EstRefusals(
    IAuditRepository audit, EnrolmentMetrics metrics, EstCounters counters, ILogger<EstRefusals> logger)
{
    public async Task RecordAsync(
        RequestPlace place, DateTimeOffset now, EstRequestName name, EnrolmentFailure failure, CancellationToken cancellationToken)
    {
        var (pathId, row, origin) = (place.Policy.PathId, FailureTable.Of(failure.Reason), place.Origin);
        await audit.AppendRefusalAsync(EnrolmentTrail.Unread(place, now, name.Action, failure), cancellationToken);
        metrics.NotAdmitted(place.Protocol, pathId, name.Kind, row.Label);
        counters.Refused(pathId, failure.Reason);
        LogRefused(pathId, row.Label, failure.Detail, origin.ClientCertificate, origin.SourceAddress, origin.RequestId);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "EST \"{PathId}\" refused {Reason}: {Detail}; client certificate {ClientCertificate} from {Source} request {RequestId}")]
    private partial void LogRefused(
        string pathId, string reason, string detail, string? clientCertificate, string? source, string requestId);
}
