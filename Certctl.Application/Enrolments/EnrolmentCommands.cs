using Certctl.Domain.Enrolments;
using MediatR;

namespace Certctl.Application.Enrolments;

/// <summary>A device's request on its way through the checks.</summary>
public abstract record EnrolmentCommand(EnrolmentContext Context) : IRequest<EnrolmentOutcome>;
