using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Est;

/// <summary>Runs the request of a client that was let in: the part that all enrolling operations of EST share.</summary>
public sealed class EstEnrolment(
    EnrolmentRunner runner, EstCounters counters, DatabaseClock clock, TimeProvider process, ILogger<EstEnrolment> logger)
{
    /// <summary>Reads the request, decides and records. Throws when database or issuer fail: an outage is not a decision.</summary>
    public Task<EnrolmentOutcome> RunAsync(
        EstProfile profile, EstClient client, EnrolmentKind kind, Func<EstReading> read, CancellationToken cancellationToken) =>
        RunAsync(profile, client, kind, read, static command => command, cancellationToken);

    /// <param name="complete">Makes the command of an operation that asks for more of what all have in common.</param>
    public async Task<EnrolmentOutcome> RunAsync(
        EstProfile profile,
        EstClient client,
        EnrolmentKind kind,
        Func<EstReading> read,
        Func<EstCommand, EstCommand> complete,
        CancellationToken cancellationToken)
    {
        EnrolmentOutcome? outcome = null;
        try
        {
            outcome = await DecideAsync(profile, client, kind, read, complete, cancellationToken);
            return outcome;
        }
        finally
        {
            Count(profile.PathId, kind, outcome);
        }
    }

    private void Count(string pathId, EnrolmentKind kind, EnrolmentOutcome? outcome)
    {
        if (outcome is null)
            counters.Failed(pathId);
        else if (outcome is EnrolmentOutcome.Issued)
            counters.Issued(pathId, kind);
        else if (outcome is EnrolmentOutcome.Refused(var failure))
            counters.Refused(pathId, failure.Reason);
    }

    private async Task<EnrolmentOutcome> DecideAsync(
        EstProfile profile,
        EstClient client,
        EnrolmentKind kind,
        Func<EstReading> read,
        Func<EstCommand, EstCommand> complete,
        CancellationToken cancellationToken)
    {
        var started = process.GetTimestamp();
        var now = await clock.NowAsync(cancellationToken);
        using var span = EnrolmentTrace.Message(kind.ToString(), profile.PathId, client.Origin.RequestId);
        var reading = Read(read);
        var csr = (reading as EstReading.Request)?.Csr;
        var request = new RequestDescription
        {
            Protocol = EstProtocol.Name,
            Policy = profile.Policy,
            Origin = client.Origin,
            ReceivedAt = now,
            Kind = EstKind.Of(kind),
            Action = suffix => EnrolmentTrail.ActionOf(kind, suffix),
            TransactionId = csr is null ? null : EstCommand.Transaction(csr, kind, client),
            Signer = (csr is null ? kind.IsRenewal() : client.Renews(profile, kind, csr)) ? client.Certificate : null,
            StartedAt = started,
            Span = span,
            Logger = logger,
        };
        if (reading is EstReading.Refused(var unreadable))
            return await runner.RefuseAsync(unreadable, request, cancellationToken);
        return FindDefect(profile, csr!) is { } defect
            ? await runner.RefuseAsync(defect, request, cancellationToken)
            : await runner.RunAsync(complete(new EstCommand(Context(request, kind, csr!), csr!, kind, client)), request, cancellationToken);
    }

    private static EstReading Read(Func<EstReading> read)
    {
        using var step = EnrolmentTrace.StartStep("Decode");
        return read();
    }

    // RFC 7030 §3.5: a challengePassword binds the request to its TLS connection, unless the profile takes it for a password (ADR 45).
    // RFC 6402 §2.8: ChangeSubjectName asks for other names than those of the certificate that authenticates.
    private static EnrolmentFailure? FindDefect(EstProfile profile, CertificateSigningRequest csr)
    {
        if (csr.ChallengePassword is not null && !profile.Takes(EstAuthModes.Challenge))
            return new(FailureReason.ChannelBindingUnsupported, "challengePassword, and the profile does not have the mode challenge");
        return csr.AttributeOids.Contains("1.3.6.1.5.5.7.7.36")
            ? new(FailureReason.RenewalNameChanged, "the request has the attribute ChangeSubjectName")
            : null;
    }

    // Each key that the server makes is a request of its own (ADR 46).
    private static EnrolmentContext Context(RequestDescription request, EnrolmentKind kind, CertificateSigningRequest csr) => new()
    {
        Identity = kind == EnrolmentKind.ServerKeyGen ? (ReadOnlyMemory<byte>?)null : EstCommand.Identity(request.TransactionId!.Value),
        Policy = request.Policy,
        Protocol = request.Protocol,
        TransactionId = request.TransactionId!.Value,
        Requester = request.Signer ?? RequestSigner.Of(csr),
        Origin = request.Origin,
        ReceivedAt = request.ReceivedAt,
    };
}
