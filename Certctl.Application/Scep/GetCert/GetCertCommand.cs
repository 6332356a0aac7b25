using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Scep.GetCert;

/// <summary>RFC 8894 §3.3.4 and §4.5: a client requests a certificate by issuer and serial number.</summary>
/// <param name="Codec">Of the profile that was asked.</param>
/// <param name="Named">Null: the content could not be read.</param>
public sealed record GetCertCommand(EnrolmentContext Context, IScepCodec Codec, IssuerAndSerialNumber? Named) : EnrolmentCommand(Context);

/// <summary>
/// Answers the holder of the certificate's own key, and clients that sign with a valid certificate of this issuer and path (ADR 12). Every
/// "no" is one and the same to the outside. A revoked certificate is handed out like any other: whether it is, the CRL says.
/// </summary>
public sealed class GetCertHandler(IEnrolmentRepository enrolments) : IRequestHandler<GetCertCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(GetCertCommand request, CancellationToken cancellationToken)
    {
        var (context, named) = (request.Context, request.Named);
        var certificate = named is null ? null : await FindAsync(request, named, cancellationToken);
        if (certificate is null)
            return Unknown(named is null ? "the content is no IssuerAndSerialNumber" : $"no certificate has {named}");
        if (certificate.PathId != context.Policy.PathId)
            return Unknown($"{certificate.SerialNumber} was issued on path \"{certificate.PathId}\"");
        return await MayAskAsync(certificate, context, cancellationToken)
            ? new EnrolmentOutcome.Issued(certificate)
            : Unknown(
                $"{context.Requester.Subject} holds neither the key of {certificate.SerialNumber} nor a valid certificate of this path");
    }

    private async Task<IssuedCertificate?> FindAsync(
        GetCertCommand request, IssuerAndSerialNumber named, CancellationToken cancellationToken)
    {
        var policy = request.Context.Policy;
        var issuers = policy.Issuers.All.Where(issuer => issuer.Name.SameAs(named.Issuer)).ToList();

        // Compat: some clients name the RA, or the root, as GetCACert showed it.
        // Serial numbers of 159 random bits name the certificate all the same.
        if (issuers.Count == 0 && request.Codec.Shows(named.Issuer))
            issuers = [.. policy.Issuers.All];
        if (issuers.Count == 0 || IssuedCertificate.SerialText(named.SerialNumber.Span) is not { } serial)
            return null;
        var found = await enrolments.FindCertificateAsync(issuers[0].IssuerId, serial, cancellationToken);
        return found is not null && issuers.Exists(issuer => issuer.HasIssued(found)) ? found : null;
    }

    private async Task<bool> MayAskAsync(IssuedCertificate certificate, EnrolmentContext context, CancellationToken cancellationToken) =>
        context.Requester.PublicKey.Sha256.Span.SequenceEqual(certificate.PublicKeySha256)
        || (await KnownSigner.FindAsync(enrolments, context, cancellationToken) is { } signer
            && context.ReceivedAt < signer.NotAfter
            && KnownSigner.Judge(signer, context) is null);

    private static EnrolmentOutcome.Refused Unknown(string detail) => new(FailureReason.CertificateUnknown, detail);
}
