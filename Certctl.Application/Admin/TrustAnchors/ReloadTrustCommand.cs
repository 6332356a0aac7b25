using Certctl.Application.Admin.Reload;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using MediatR;

namespace Certctl.Application.Admin.TrustAnchors;

/// <summary>The connectors of one SCEP profile are read again. All of the new bundle counts, or the old one stays.</summary>
/// <param name="PathId">Of the SCEP profile; empty for the root.</param>
public sealed record ReloadTrustCommand(string PathId, AdminCaller Caller) : AdminCommand(Caller);

public sealed class ReloadTrustValidator : AdminCommandValidator<ReloadTrustCommand>;

public sealed class ReloadTrustHandler(ScepProfileTable profiles, ReloadParts reload) : IRequestHandler<ReloadTrustCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReloadTrustCommand request, CancellationToken cancellationToken)
    {
        if (profiles.All.GetValueOrDefault(request.PathId) is not { } profile)
            return new AdminOutcome.NotFound($"SCEP profile not found for path_id=\"{request.PathId}\"");
        if (profile.Policy.Find<IntuneChallengeValidator>() is not { } intune)
            return new AdminOutcome.Conflict($"SCEP profile \"{request.PathId}\" does not have Intune enabled");
        var parts = await reload(request.Caller, new PartName(PartName.Connectors, request.PathId), cancellationToken);
        var problems = parts.SelectMany(part => part.Problems).ToList();
        return problems.Count == 0
            ? new AdminOutcome.Done($"{intune.Anchors.All.Count} trust anchors are in use")
            : new AdminOutcome.Failed($"Trust anchor reload failed. The old trust anchors stay in use: {string.Join("; ", problems)}");
    }
}

/// <summary>What happened to the connectors of a profile, as a line of the audit trail.</summary>
public static class TrustTrail
{
    /// <param name="problems">Empty: the new bundle is in use.</param>
    public static AuditEvent Reloaded(ScepProfile profile, AdminCaller caller, IReadOnlyList<string> problems, DateTimeOffset now)
    {
        var detail = problems.Count == 0
            ? $"in use are {Anchors(profile.Policy.Find<IntuneChallengeValidator>()!.Anchors)}"
            : $"the old ones stay in use: {string.Join("; ", problems)}";
        return AdminTrail.Event(caller, AuditAction.IntuneTrustReloaded, "scep_profile", profile.PathId, detail, now) with
        {
            Outcome = problems.Count == 0 ? AuditOutcome.Done : AuditOutcome.Refused,
            PathId = profile.PathId,
        };
    }

    private static string Anchors(ITrustAnchors anchors) =>
        string.Join(", ", anchors.All.Select(anchor => $"{anchor.Subject} ({anchor.Sha256})"));
}
