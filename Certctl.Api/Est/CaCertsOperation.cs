using Certctl.Application.Est;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.1: the CA certificates, without authentication but on the mTLS route.</summary>
internal sealed class CaCertsOperation(EstServices services) : EstOperation(EstOperationName.CaCerts, HttpMethods.Get)
{
    protected override async Task AnswerAsync(EstCall call)
    {
        if (await services.Gate.FindCertificateDefectAsync(call.Profile, call.Shown, call.Http.RequestAborted) is { } defect)
        {
            await RefuseAsync(call, defect);
            return;
        }

        // RFC 7030 §4.1.3: during a rollover the certificates of both CAs.
        var next = call.Profile.Policy.Issuers.Next?.Chain ?? [];
        IReadOnlyList<ReadOnlyMemory<byte>> all =
            [.. call.Profile.CaCertificates.Concat(next).DistinctBy(der => Convert.ToBase64String(der.Span))];
        await EstAnswer.CertificatesAsync(call.Http, services.Codec.EncodeCertificates(all));
    }
}
