using Certctl.Application.Enrolment;
using Certctl.Application.Intune;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.TrustAnchors;

/// <summary>The connectors of one SCEP profile are read again. All of the new bundle counts, or the old one stays.</summary>
/// <param name="PathId">Of the SCEP profile; empty for the root.</param>
/// <param name="Origin">The door that the person came through, for the audit trail.</param>
public sealed record ReloadTrustCommand(string PathId, string Actor, string Origin) : AdminCommand(Actor, Origin);

public sealed class ReloadTrustValidator : AbstractValidator<ReloadTrustCommand>
{
    public ReloadTrustValidator() => RuleFor(c => c.Actor).NotEmpty().WithMessage("actor: whoever does it must be named");
}

public sealed class ReloadTrustHandler(ScepProfileTable profiles, IAuditRepository audit, TimeProvider clock) : IRequestHandler<ReloadTrustCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReloadTrustCommand request, CancellationToken cancellationToken)
    {
        if (profiles.All.GetValueOrDefault(request.PathId) is not { } profile)
            return new AdminOutcome.NotFound($"There is no SCEP profile \"{request.PathId}\".");
        if (profile.Intune is not { } intune)
            return new AdminOutcome.Conflict($"SCEP profile \"{request.PathId}\" takes no signed challenges.");
        var now = clock.GetUtcNow();
        var reload = intune.Anchors.Reload(now);
        await audit.AppendAsync(TrustTrail.Reloaded(profile, request.Actor, "User", request.Origin, reload.Problems, now), cancellationToken);
        return reload.Problems.Count == 0
            ? new AdminOutcome.Done(string.Join("; ", reload.Warnings.Prepend($"{intune.Anchors.All.Count} trust anchors are in use")))
            : new AdminOutcome.Failed($"The old trust anchors stay in use: {string.Join("; ", reload.Problems)}");
    }
}

/// <summary>What happened to the connectors of a profile, as a line of the audit trail.</summary>
public static class TrustTrail
{
    private const string Resource = "scep_profile";

    /// <param name="problems">Empty: the new bundle is in use.</param>
    public static AuditEvent Reloaded(ScepProfile profile, string actor, string actorType, string origin, IReadOnlyList<string> problems, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = actor,
        ActorType = actorType,
        Action = AuditAction.IntuneTrustReloaded,
        Outcome = problems.Count == 0 ? AuditOutcome.Done : AuditOutcome.Refused,
        Detail = $"{origin}: {(problems.Count == 0 ? $"in use are {Anchors(profile.Intune!.Anchors)}" : $"the old ones stay in use: {string.Join("; ", problems)}")}",
        ResourceType = Resource,
        ResourceId = profile.PathId,
        PathId = profile.PathId,
    };

    private static string Anchors(ITrustAnchors anchors) => string.Join(", ", anchors.All.Select(anchor => $"{anchor.Subject} ({anchor.Sha256})"));
}
