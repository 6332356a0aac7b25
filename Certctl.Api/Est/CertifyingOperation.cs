using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.2: a PKCS#10 is answered with its certificate alone.</summary>
internal abstract class CertifyingOperation(EstServices services, string name, EnrolmentKind kind)
    : EnrollingOperation(services, name, kind)
{
    private readonly EstServices _services = services;
    private readonly EnrolmentKind _kind = kind;

    protected override async Task EnrolAsync(EstCall call, EstClient client, byte[] body)
    {
        var outcome = await _services.Enrolment.RunAsync(
            call.Profile, client, _kind, () => _services.Codec.ReadRequest(body), CancellationToken.None);
        await (outcome switch
        {
            // RFC 7030 §4.2.3: only the certificate that was issued.
            EnrolmentOutcome.Issued(var certificate) =>
                EstAnswer.CertificatesAsync(call, _services.Codec.EncodeCertificates([certificate.Der])),
            EnrolmentOutcome.Pending => EstAnswer.PendingAsync(call.Http),
            EnrolmentOutcome.Refused(var failure) => RefuseAsync(call, failure),
            _ => throw new InvalidOperationException("An outcome of a PKCS#10 is one of three."),
        });
    }
}

/// <summary>RFC 7030 §4.2.1.</summary>
internal sealed class SimpleEnrollOperation(EstServices services)
    : CertifyingOperation(services, EstOperationName.SimpleEnroll, EnrolmentKind.SimpleEnroll);

/// <summary>RFC 7030 §4.2.2: the TLS client certificate is the one that is renewed.</summary>
internal sealed class SimpleReenrollOperation(EstServices services)
    : CertifyingOperation(services, EstOperationName.SimpleReenroll, EnrolmentKind.SimpleReenroll)
{
    public override bool IsServedBy(EstProfile profile) => profile.ServesRenewals;
}
