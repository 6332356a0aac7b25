using Certctl.Api.Configuration.Est;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Hosting;
using Certctl.Application.Challenges;
using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fakes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// The order of the checks is a decision: cheap before expensive, and no state is touched before the request is authorised.
/// </summary>
public sealed class PipelineTests
{
    [Fact]
    public void The_checks_stand_in_the_documented_order()
    {
        Assert.Equal(
            [
                typeof(ValidationBehavior<,>), typeof(SignerCheck<,>), typeof(ChallengeDispatchBehavior<,>),
                typeof(RepeatCheck<,>), typeof(ReplayCacheBehavior<,>), typeof(RateLimitBehavior<,>), typeof(ComplianceHookBehavior<,>),
            ],
            EnrolmentPipeline.Checks);
    }

    [Fact]
    public void What_is_listed_is_what_runs_in_that_order()
    {
        var registered = new ServiceCollection().AddEnrolmentPipeline()
            .Where(service => service.ServiceType == typeof(IPipelineBehavior<,>))
            .Select(service => service.ImplementationType);

        Assert.Equal(EnrolmentPipeline.Checks, registered);
    }

    [Fact]
    public void Every_check_derives_from_the_one_base_class_and_every_such_class_is_listed()
    {
        var checks = typeof(EnrolmentPipeline).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && IsCheck(type))
            .OrderBy(type => type.Name, StringComparer.Ordinal);

        Assert.Equal(EnrolmentPipeline.Checks.OrderBy(type => type.Name, StringComparer.Ordinal), checks);
    }

    [Fact]
    public void Every_challenge_kind_is_of_a_mode_and_a_renewal_is_asked_first()
    {
        using var counters = new IntuneCounters();
        var settings = new IntuneSettings(new AnyConnector(), null, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 0);
        var modes = Enum.GetValues<ChallengeMode>()
            .Select(mode => ConfiguredChallenges.Of(mode, new StaticChallengeValidator(null), settings, counters)).ToList();
        var kinds = typeof(EnrolmentPipeline).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IChallengeValidator)));

        Assert.All(modes, mode => Assert.IsType<RenewalProof>(mode[0]));
        Assert.All(modes.SelectMany(mode => mode), kind =>
        {
            Assert.Contains(EnrolmentTrail.ActionOf(EnrolmentKind.PkcsReq, kind.AuditSuffix), AuditAction.All);
            Assert.Contains(EnrolmentTrail.ActionOf(EnrolmentKind.RenewalReq, kind.AuditSuffix), AuditAction.All);
        });
        Assert.Equal(
            kinds.OrderBy(type => type.Name, StringComparer.Ordinal),
            modes.SelectMany(mode => mode).Concat(OfEst()).Select(kind => kind.GetType()).Distinct()
                .OrderBy(type => type.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_may_mint_is_checked_for_its_challenge()
    {
        var constraint = typeof(ChallengeDispatchBehavior<,>).GetGenericArguments()[0].GetGenericParameterConstraints();
        var minting = typeof(EnrolmentPipeline).Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IssuanceCommand)));

        Assert.Contains(typeof(IssuanceCommand), constraint);
        Assert.NotEmpty(minting);
        Assert.All(minting, command => Assert.True(command.IsAssignableTo(typeof(IRequest<EnrolmentOutcome>)),
            $"{command.Name} does not pass the pipeline of enrolment outcomes."));
    }

    // The kinds of each mode of EST, and of all together.
    private static IEnumerable<IChallengeValidator> OfEst()
    {
        const EstAuthModes All = EstAuthModes.Basic | EstAuthModes.Mtls | EstAuthModes.Challenge | EstAuthModes.Approval;
        foreach (var modes in Enum.GetValues<EstAuthModes>().Where(mode => mode != EstAuthModes.None).Append(All))
        {
            var options = new EstProfileOptions { PathId = "", IssuerId = "", CertificateProfileId = "", Modes = modes };
            var wrong = new WrongPasswords(TimeProvider.System);
            var kinds = EstRegistration.Challenges(options, new StaticChallengeValidator(null), wrong).ToList();
            Assert.IsType<RenewalProof>(kinds[0]);
            Assert.Equal(modes == All ? 4 : 2, kinds.Count);
            foreach (var kind in kinds)
                yield return kind;
        }
    }

    private static bool IsCheck(Type type)
    {
        for (var parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            if (parent.IsGenericType && parent.GetGenericTypeDefinition() == typeof(EnrolmentCheck<,>))
                return true;
        }

        return false;
    }
}
