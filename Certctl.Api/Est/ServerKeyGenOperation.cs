using System.Security.Cryptography;
using Certctl.Api.Hosting.Http;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.4: a PKCS#10 is answered with a key that was made here, and the certificate for it.</summary>
internal sealed class ServerKeyGenOperation(EstServices services, IServerKeyCodec codec)
    : EnrollingOperation(services, EstOperationName.ServerKeyGen, EnrolmentKind.ServerKeyGen)
{
    private readonly EstServices _services = services;

    // RFC 7030 §3.2.2: optional.
    public override bool IsServedBy(EstProfile profile) => profile.ServesServerKeys;

    protected override async Task EnrolAsync(EstCall call, EstClient client, byte[] body)
    {
        using var delivery = new ServerKeyDelivery();
        KeyProtection protection = new KeyProtection.None();
        var outcome = await _services.Enrolment.RunAsync(
            call.Profile,
            client,
            EnrolmentKind.ServerKeyGen,
            () => Read(body, out protection),
            command => new ServerKeyCommand(command, protection, HolderOf(call.Profile, client), delivery),
            CancellationToken.None);
        await (outcome switch
        {
            EnrolmentOutcome.Issued(var certificate) => SendAsync(call.Http, delivery.Answer(codec.EncodeCertificate(certificate.Der))),
            EnrolmentOutcome.Refused(var failure) => RefuseAsync(call, failure),
            _ => throw new InvalidOperationException("An outcome of a request for a key is one of two."),
        });
    }

    private EstReading Read(byte[] body, out KeyProtection protection)
    {
        protection = new KeyProtection.None();
        switch (codec.Read(body))
        {
            case ServerKeyReading.Valid valid:
                protection = valid.Protection;
                return new EstReading.Request(valid.Csr);
            case ServerKeyReading.Invalid(var defect):
                return new EstReading.Refused(new EnrolmentFailure(FailureReason.RawCsrUnreadable, defect));
            default:
                throw new InvalidOperationException("A reading is one of two.");
        }
    }

    // Only what the TLS handshake and the endpoint's bundle have shown: a certificate is not the client's for being public.
    private static KeyHolder HolderOf(EstProfile profile, EstClient client) => new(
        client is { IsTrusted: true, Certificate: { } certificate } ? certificate.CertificateDer : default,
        profile.SharedKeys,
        profile.Policy.Issuer);

    private static async Task SendAsync(HttpContext http, MultipartAnswer answer)
    {
        try
        {
            await DeviceAnswer.Send(http, answer.ContentType, answer.Body);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer.Body);
        }
    }
}
