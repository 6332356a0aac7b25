using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Import;
using Certctl.Application.Admin.Issuers;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Admin.Probes;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Est.CsrAttributes;
using Certctl.Application.Est.ServerKeys;
using Certctl.Application.Publication;
using Certctl.Application.Scep;
using Certctl.Application.Scep.GetCert;
using Certctl.Application.Scep.GetCertInitial;
using Certctl.Application.Scep.GetCrl;
using Certctl.Application.Scep.Mtls;
using Certctl.Application.Scep.RawCsr;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Application;

/// <summary>Registers the application; the host supplies the interfaces it needs (journal, repositories, TimeProvider, logging).</summary>
public static class ApplicationRegistration
{
    public static IServiceCollection AddCertctlApplication(this IServiceCollection services)
    {
        services.AddCertctlAdmin();
        services.AddEnrolmentPipeline();

        services.AddSingleton<IRequestHandler<IssuanceCommand, EnrolmentOutcome>, IssuanceHandler>();
        services.AddSingleton<IValidator<IssuanceCommand>, IssuanceValidator>();
        services.AddSingleton<IRequestHandler<GetCertInitialCommand, EnrolmentOutcome>, GetCertInitialHandler>();
        services.AddSingleton<IValidator<GetCertInitialCommand>, GetCertInitialValidator>();
        services.AddSingleton<IRequestHandler<GetCertCommand, EnrolmentOutcome>, GetCertHandler>();
        services.AddSingleton<IRequestHandler<GetCrlCommand, EnrolmentOutcome>, GetCrlHandler>();

        services.AddAct<DeleteProfileCommand, DeleteProfileHandler, DeleteProfileValidator>();
        services.AddAct<CancelJobCommand, CancelJobHandler, CancelJobValidator>();
        services.AddAct<CreateApiKeyCommand, CreateApiKeyHandler, CreateApiKeyValidator>();
        services.AddAct<RevokeApiKeyCommand, RevokeApiKeyHandler, RevokeApiKeyValidator>();
        services.AddAct<TestIssuerCommand, TestIssuerHandler, TestIssuerValidator>();
        services.AddAct<ProbeScepCommand, ProbeScepHandler, ProbeScepValidator>();
        services.AddAct<ReloadCommand, ReloadHandler, ReloadValidator>();
        services.AddAct<ReloadTrustCommand, ReloadTrustHandler, ReloadTrustValidator>();
        services.AddAct<ReloadEstTrustCommand, ReloadEstTrustHandler, ReloadEstTrustValidator>();

        services.AddSingleton<CertificateIssuance>();
        services.AddSingleton(ReservationTimes.Default);
        services.AddSingleton<JobRunner>();
        services.AddSingleton(JobTimes.Default);
        services.AddSingleton<CrlPublisher>();
        services.AddSingleton(CrlTimes.Default);
        services.AddSingleton<CrlMetrics>();
        services.AddSingleton<EnrolmentMetrics>();
        services.AddSingleton<IntuneCounters>();
        services.AddSingleton<EnrolmentRunner>();
        services.AddSingleton<ScepResponder>();
        services.AddSingleton<RawCsrResponder>();
        services.AddSingleton<MtlsGate>();
        services.AddSingleton<ClientCertificateCheck>();
        return services;
    }

    /// <summary>EST beside it; the host supplies its codec and its profiles.</summary>
    public static void AddCertctlEst(this IServiceCollection services)
    {
        services.AddSingleton<IRequestHandler<EstCommand, EnrolmentOutcome>, EstHandler>();
        services.AddSingleton<IValidator<EstCommand>, EstValidator>();
        services.AddSingleton<IRequestHandler<ServerKeyCommand, EnrolmentOutcome>, ServerKeyHandler>();
        services.AddSingleton<IValidator<ServerKeyCommand>, ServerKeyValidator>();
        services.AddSingleton<KeyGenerationAuditEvents>();
        services.AddSingleton<CsrAttributesAnswers>();
        services.AddSingleton<WrongPasswords>();
        services.AddSingleton<EstCredentialCheck>();
        services.AddSingleton<EstCounters>();
        services.AddSingleton<EstRefusals>();
        services.AddSingleton<EstGate>();
        services.AddSingleton<EstEnrolment>();
    }

    /// <summary>The operators' commands without the enrolment side: enough for a verb that works on the database alone.</summary>
    public static IServiceCollection AddCertctlAdmin(this IServiceCollection services)
    {
        services.AddSingleton<ServiceFactory>(provider => provider.GetRequiredService);
        services.AddSingleton<IMediator, Mediator>();
        services.AddSingleton<AdminDispatcher>();
        services.AddSingleton<EnrolmentRates>();
        services.AddSingleton(typeof(IPipelineBehavior<,>), typeof(AdminValidationBehavior<,>));
        services.AddAct<DecideEnrolmentCommand, DecideEnrolmentHandler, DecideEnrolmentValidator>();
        services.AddAct<SaveProfileCommand, SaveProfileHandler, SaveProfileValidator>();
        services.AddAct<RevokeCertificateCommand, RevokeCertificateHandler, RevokeCertificateValidator>();
        services.AddAct<ReleaseCertificateCommand, ReleaseCertificateHandler, ReleaseCertificateValidator>();
        services.AddAct<ImportCertificatesCommand, ImportCertificatesHandler, ImportCertificatesValidator>();
        services.AddAct<RevokeManyCommand, RevokeManyHandler, RevokeManyValidator>();
        return services;
    }

    private static void AddAct<TCommand, THandler, TValidator>(this IServiceCollection services)
        where TCommand : AdminCommand
        where THandler : class, IRequestHandler<TCommand, AdminOutcome>
        where TValidator : class, IValidator<TCommand>
    {
        services.AddSingleton<IRequestHandler<TCommand, AdminOutcome>, THandler>();
        services.AddSingleton<IValidator<TCommand>, TValidator>();
    }
}
