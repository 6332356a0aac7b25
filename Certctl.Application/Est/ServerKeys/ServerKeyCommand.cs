using Certctl.Application.Enrolments;
using Certctl.Application.Issuers;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Domain.Profiles.Expectations;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Est.ServerKeys;

/// <summary>
/// A device asks for a certificate and for the key of it. It passes the checks of every request with what the device sent; the key is made
/// behind them, so that a stranger cannot have keys made.
/// </summary>
/// <param name="Request">As the device sent it.</param>
/// <param name="Holder">To whom something can be encrypted.</param>
/// <param name="Delivery">What the handler leaves for the answer.</param>
public sealed record ServerKeyCommand(EstCommand Request, KeyProtection Protection, KeyHolder Holder, ServerKeyDelivery Delivery)
    : EstCommand(Request);

public sealed class ServerKeyValidator : AbstractValidator<ServerKeyCommand>
{
    public ServerKeyValidator() => Include(new IssuanceValidator());
}

/// <summary>The key of one request, and who gets it. Dispose it when the answer is sent, or when there is none.</summary>
public sealed class ServerKeyDelivery : IDisposable
{
    private IServerKey? _key;
    private IKeyRecipient? _recipient;

    public void Put(IServerKey key, IKeyRecipient recipient) => (_key, _recipient) = (key, recipient);

    /// <param name="certificates">A certs-only SignedData as DER.</param>
    public MultipartAnswer Answer(ReadOnlySpan<byte> certificates) =>
        (_key ?? throw new InvalidOperationException("No key was made for this request.")).Answer(_recipient!, certificates);

    public void Dispose() => _key?.Dispose();
}

/// <summary>Makes the key and has its certificate issued as any other.</summary>
public sealed class ServerKeyHandler(
    CertificateIssuance issuance, ICertificateProfileRepository profiles, IServerKeyCodec codec, KeyGenerationGate gate,
    KeyGenerationAuditEvents events)
    : IRequestHandler<ServerKeyCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(ServerKeyCommand request, CancellationToken cancellationToken)
    {
        var context = request.Context;
        var profile = await profiles.FindAsync(context.Policy.CertificateProfileId, fresh: false, cancellationToken);
        if (FindObstacle(request, profile, out var kind) is { } obstacle)
            return new EnrolmentOutcome.Refused(obstacle);
        if (codec.FindRecipient(request.Protection, request.Holder, out var defect) is not { } recipient)
            return new EnrolmentOutcome.Refused(FailureReason.ServerKeyProtection, defect!);
        await events.RecordAsync(context.Issuer, recipient.SignedBy, context.ReceivedAt, cancellationToken);

        if (await gate.RunAsync(() => codec.Make(kind!, request.Csr), cancellationToken) is not { } key)
            return new EnrolmentOutcome.Refused(FailureReason.ServerKeyBusy, $"no place to make a key of the kind {kind} was free in time");
        request.Delivery.Put(key, recipient);
        return await issuance.IssueAsync(new IssuanceCommand(context, key.Csr, request.Kind), cancellationToken) switch
        {
            // The profile has come to need approval since it was looked at. What waits now ends as a certificate without a key.
            EnrolmentOutcome.Pending(var id) => new EnrolmentOutcome.Refused(
                FailureReason.ServerKeyMustWait, $"enrolment {id} waits, and its key is gone"),
            var outcome => outcome,
        };
    }

    private static EnrolmentFailure? FindObstacle(ServerKeyCommand request, CertificateProfile? profile, out KeyExpectation? kind)
    {
        kind = null;
        var context = request.Context;
        var id = context.Policy.CertificateProfileId;
        if (profile is not { Enabled: true })
            return new(FailureReason.ProfileUnavailable, $"certificate profile {id} is unknown or disabled");
        if (profile.RequiresApproval || context.Grant.NeedsApproval)
            return new(FailureReason.ServerKeyMustWait, "the request wants an operator's approval");
        if (context.Issuer is ISignsElsewhere)
            return new(FailureReason.ServerKeyMustWait, $"issuer {context.Issuer.IssuerId} may answer later");

        // The challenge has brought a certificate, and the key of that one is not here any more.
        if (context.IsRepeat && context.Grant.Reservation is { Use: not null } reservation)
            return new(reservation.Replay, "the challenge was used for a key that the server made, and does not have any more");
        kind = RequestExpectations.Of(profile).KeyLike(request.Csr.PublicKey);
        return kind is null
            ? new(
                FailureReason.KeyNotAllowed,
                $"certificate profile {id} accepts no key that the server can make: RSA up to 4096 bits, P-256, P-384, P-521")
            : null;
    }
}
