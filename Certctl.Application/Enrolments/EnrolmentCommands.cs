using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Enrolments;

/// <summary>A device's request on its way through the checks.</summary>
public abstract record EnrolmentCommand(EnrolmentContext Context) : IRequest<EnrolmentOutcome>;

/// <summary>A request that may mint a certificate: the checks that touch state apply to these alone.</summary>
public interface IIssuanceCommand
{
    EnrolmentContext Context { get; }

    CertificateSigningRequest Csr { get; }
}
