using Certctl.Application.Enrolments.Compliance;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// The checks in order, outermost first. Cheap before dear; nothing is written before a challenge was judged good, and the one question
/// to the network comes last.
/// </summary>
public static class EnrolmentPipeline
{
    /// <summary>Open generic behaviors; their constraints choose the commands.</summary>
    public static readonly IReadOnlyList<Type> Checks =
    [
        typeof(ValidationBehavior<,>),          // well formed?          every enrolment command
        typeof(SignerCheck<,>),                 // may its signer sign it?   only commands that may issue
        typeof(ChallengeDispatchBehavior<,>),   // who vouches for it?
        typeof(RepeatCheck<,>),                 // is it a new request?
        typeof(ReplayCacheBehavior<,>),         // is the grant fresh?
        typeof(RateLimitBehavior<,>),           // within its budget?
        typeof(ComplianceHookBehavior<,>),      // compliant today?
    ];

    public static IServiceCollection AddEnrolmentPipeline(this IServiceCollection services)
    {
        services.AddSingleton<ComplianceInquiry>();
        foreach (var check in Checks)
            services.AddSingleton(typeof(IPipelineBehavior<,>), check);
        return services;
    }
}
