using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using MediatR;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Enrolments;

/// <summary>
/// Runs one request: through the checks to its handler, then audit, metrics, span and one log line. Every protocol uses it; a responder
/// decodes before it and encodes after it.
/// </summary>
public sealed partial class EnrolmentRunner(IMediator mediator, IAuditRepository audit, EnrolmentMetrics metrics, TimeProvider process)
{
    /// <summary>Sends a request through the checks. Throws when database or issuer fail: an outage is not a decision.</summary>
    public async Task<EnrolmentOutcome> RunAsync(
        EnrolmentCommand command, RequestDescription request, CancellationToken cancellationToken) =>
        await FinishAsync(await mediator.Send(command, cancellationToken), command, request, cancellationToken);

    /// <summary>A request that the codec refused: it is recorded like any other refusal.</summary>
    public Task<EnrolmentOutcome> RefuseAsync(EnrolmentFailure failure, RequestDescription request, CancellationToken cancellationToken) =>
        FinishAsync(new EnrolmentOutcome.Refused(failure), null, request, cancellationToken);

    private async Task<EnrolmentOutcome> FinishAsync(
        EnrolmentOutcome outcome, EnrolmentCommand? command, RequestDescription request, CancellationToken cancellationToken)
    {
        var csr = (command as IssuanceCommand)?.Csr;
        var pathId = request.Policy.PathId;
        if (outcome is EnrolmentOutcome.Refused(var failure))
        {
            await audit.AppendRefusalAsync(EnrolmentTrail.Refused(request, csr, command?.Context, failure), cancellationToken);
            command?.Context.Challenge?.Kind.Count(pathId, failure.Reason);
            if (failure.Reason is FailureReason.UnreadableContent or FailureReason.CertificateUnknown)
                await request.Floor();
        }

        var (word, reason, detail) = Describe(outcome);
        var elapsed = process.GetElapsedTime(request.StartedAt);
        metrics.Answered(request.Protocol, pathId, request.Kind, word, reason, elapsed);
        request.Span.Ended(request.Kind, word, reason);
        var issued = (outcome as EnrolmentOutcome.Issued)?.Certificate;
        LogAnswered(
            request.Logger,
            request.Protocol,
            request.Kind,
            word,
            pathId,
            reason,
            detail,
            issued?.Subject ?? csr?.Subject.ToString(),
            issued?.SerialNumber,
            request.TransactionId,
            request.Origin.SourceAddress,
            request.Origin.RequestId,
            elapsed.TotalMilliseconds);
        return outcome;
    }

    private static (string Word, string? Reason, string? Detail) Describe(EnrolmentOutcome outcome) => outcome switch
    {
        EnrolmentOutcome.Issued => ("issued", null, null),
        EnrolmentOutcome.Published(var crl) => ("published", null, $"CRL {crl.Number}"),
        EnrolmentOutcome.Pending(var id) => ("pending", null, id.ToString()),
        EnrolmentOutcome.Refused(var failure) => ("refused", FailureTable.Of(failure.Reason).Label, failure.Detail),
        _ => throw new InvalidOperationException("An outcome is one of four."),
    };

    // The text is short on purpose: the formatters write the other values as fields, once.
    [LoggerMessage(1, LogLevel.Information, "{Protocol} {Kind} {Outcome}")]
    private static partial void LogAnswered(
        ILogger logger,
        string protocol,
        string kind,
        string outcome,
        string pathId,
        string? reason,
        string? detail,
        string? subject,
        string? serialNumber,
        TransactionId? transactionId,
        string? sourceAddress,
        string requestId,
        double durationMs);
}
