using Certctl.Application.Est;

namespace Certctl.Api.Est;

/// <summary>RFC 7030 §4.1: the CA certificates, without authentication but on the mTLS route.</summary>
internal sealed class CaCertsOperation(EstServices services)
    : EstOperation(services, EstOperationName.CaCerts, HttpMethods.Get, EstRequestName.CaCerts)
{
    private readonly EstServices _services = services;

    protected override async Task AnswerAsync(EstCall call)
    {
        if (await FindCertificateDefectAsync(call) is { } defect)
        {
            await RefuseAsync(call, defect);
            return;
        }

        // RFC 7030 §4.1.3: during a rollover the certificates of both CAs.
        var next = call.Profile.Policy.Issuers.Next?.Chain ?? [];
        IReadOnlyList<ReadOnlyMemory<byte>> all =
            [.. call.Profile.CaCertificates().Concat(next).DistinctBy(der => Convert.ToBase64String(der.Span))];

        // What certifies others is no secret and seldom changes; a rollover is staged for longer than the hour. On the mTLS route each
        // client shows its own certificate, so no cache answers for another.
        call.Http.Response.Headers.CacheControl = call.Shown.OnMtlsRoute ? "private, max-age=3600" : "public, max-age=3600";
        await EstAnswer.CertificatesAsync(call, _services.Codec.EncodeCertificates(all));
    }
}
