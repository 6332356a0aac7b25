using Certctl.Application.Enrolments;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Scep.GetCrl;

/// <summary>RFC 8894 §3.3.5 and §4.6: a client requests the CRL that would list a certificate.</summary>
/// <param name="Codec">Of the profile that was asked.</param>
/// <param name="Named">That certificate; null: the content could not be read.</param>
public sealed record GetCrlCommand(EnrolmentContext Context, IScepCodec Codec, IssuerAndSerialNumber? Named) : EnrolmentCommand(Context);

/// <summary>Answers every requester: a CRL is public. The certificate need not exist; its issuer must be this profile's (ADR 12).</summary>
public sealed class GetCrlHandler(CrlPublisher crls) : IRequestHandler<GetCrlCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(GetCrlCommand request, CancellationToken cancellationToken)
    {
        if (request.Named is not { } named)
            return Unknown("the content is no IssuerAndSerialNumber");
        var (policy, asked) = (request.Context.Policy, request.Context.Issuer);

        // Two generations of a CA may have one name: then the one that was asked is meant.
        var issuer = policy.Issuers.All.OrderByDescending(issuer => issuer == asked)
            .FirstOrDefault(issuer => issuer.Name.SameAs(named.Issuer));

        // Compat: some clients name the RA's issuer or the RA itself, as GetCACert showed it.
        // The CRL that they can use is that of the CA that they asked.
        if (issuer is null && request.Codec.Shows(named.Issuer))
            issuer = asked;
        if (issuer is null || IssuedCertificate.SerialText(named.SerialNumber.Span) is null)
            return Unknown($"{named} cannot be in a CRL of {asked.Name}");
        if (issuer is not IPublishesStatus publisher)
            return Unknown($"{issuer.Name} has no CRL here");
        if (crls.HasEnded(publisher, partition: null))
            return Unknown($"the retired CA {issuer.Name} has no CRL any more");
        return publisher.Crls is null && publisher.HasKey
            ? Unknown($"{issuer.Name} may not sign CRLs: its keyUsage lacks cRLSign")
            : Published(await crls.CurrentAsync(publisher, cancellationToken));
    }

    private static EnrolmentOutcome.Published Published(PublishedCrl crl) => new(new SignedCrl(crl.Number, crl.Der));

    private static EnrolmentOutcome.Refused Unknown(string detail) => new(FailureReason.CertificateUnknown, detail);
}
