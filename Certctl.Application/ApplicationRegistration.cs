using Certctl.Application.Admin;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Enrolment;
using Certctl.Application.Enrolment.Pipeline;
using Certctl.Application.Publication;
using Certctl.Application.Scep;
using Certctl.Application.Scep.GetCert;
using Certctl.Application.Scep.GetCertInitial;
using Certctl.Application.Scep.GetCrl;
using Certctl.Application.Scep.Mtls;
using Certctl.Application.Scep.PkcsReq;
using Certctl.Application.Scep.RawCsr;
using Certctl.Application.Scep.RenewalReq;
using Certctl.Domain.Enrolment;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Application;

/// <summary>What the application brings; its seams (journal, repositories, TimeProvider, logging) come from the host.</summary>
public static class ApplicationRegistration
{
    public static IServiceCollection AddCertctlApplication(this IServiceCollection services)
    {
        services.AddCertctlAdmin();
        services.AddEnrolmentPipeline();

        services.AddSingleton<IRequestHandler<PkcsReqCommand, EnrolmentOutcome>, PkcsReqHandler>();
        services.AddSingleton<IValidator<PkcsReqCommand>, PkcsReqValidator>();
        services.AddSingleton<IRequestHandler<RenewalReqCommand, EnrolmentOutcome>, RenewalReqHandler>();
        services.AddSingleton<IValidator<RenewalReqCommand>, RenewalReqValidator>();
        services.AddSingleton<IRequestHandler<GetCertInitialCommand, EnrolmentOutcome>, GetCertInitialHandler>();
        services.AddSingleton<IValidator<GetCertInitialCommand>, GetCertInitialValidator>();
        services.AddSingleton<IRequestHandler<GetCertCommand, EnrolmentOutcome>, GetCertHandler>();
        services.AddSingleton<IRequestHandler<GetCrlCommand, EnrolmentOutcome>, GetCrlHandler>();

        services.AddSingleton<IRequestHandler<RawCsrCommand, EnrolmentOutcome>, RawCsrHandler>();
        services.AddSingleton<IValidator<RawCsrCommand>, RawCsrValidator>();

        services.AddSingleton<IRequestHandler<DeleteProfileCommand, AdminOutcome>, DeleteProfileHandler>();
        services.AddSingleton<IValidator<DeleteProfileCommand>, DeleteProfileValidator>();
        services.AddSingleton<IRequestHandler<RevokeCertificateCommand, AdminOutcome>, RevokeCertificateHandler>();
        services.AddSingleton<IValidator<RevokeCertificateCommand>, RevokeCertificateValidator>();
        services.AddSingleton<IRequestHandler<RevokeManyCommand, AdminOutcome>, RevokeManyHandler>();
        services.AddSingleton<IValidator<RevokeManyCommand>, RevokeManyValidator>();
        services.AddSingleton<IRequestHandler<ReleaseCertificateCommand, AdminOutcome>, ReleaseCertificateHandler>();
        services.AddSingleton<IValidator<ReleaseCertificateCommand>, ReleaseCertificateValidator>();

        services.AddSingleton<IRequestHandler<ReloadTrustCommand, AdminOutcome>, ReloadTrustHandler>();
        services.AddSingleton<IValidator<ReloadTrustCommand>, ReloadTrustValidator>();

        services.AddSingleton<CertificateIssuance>();
        services.AddSingleton<CrlPublisher>();
        services.AddSingleton<EnrolmentMetrics>();
        services.AddSingleton<ScepResponder>();
        services.AddSingleton<RawCsrResponder>();
        services.AddSingleton<MtlsGate>();
        return services;
    }

    /// <summary>What people do, without the devices' side: enough for a verb that works on the database alone.</summary>
    public static IServiceCollection AddCertctlAdmin(this IServiceCollection services)
    {
        services.AddSingleton<ServiceFactory>(provider => provider.GetRequiredService);
        services.AddSingleton<IMediator, Mediator>();
        services.AddSingleton<AdminDesk>();
        services.AddSingleton(typeof(IPipelineBehavior<,>), typeof(AdminValidationBehavior<,>));
        services.AddSingleton<IRequestHandler<DecideEnrolmentCommand, AdminOutcome>, DecideEnrolmentHandler>();
        services.AddSingleton<IValidator<DecideEnrolmentCommand>, DecideEnrolmentValidator>();
        services.AddSingleton<IRequestHandler<SaveProfileCommand, AdminOutcome>, SaveProfileHandler>();
        services.AddSingleton<IValidator<SaveProfileCommand>, SaveProfileValidator>();
        return services;
    }
}
