using Certctl.Application.Admin.Reload;
using Certctl.Application.Est;
using MediatR;

namespace Certctl.Application.Admin.TrustAnchors;

/// <summary>The trust bundle of one EST profile is read again. All of the new bundle counts, or the old one stays.</summary>
/// <param name="PathId">The label; empty for the root.</param>
public sealed record ReloadEstTrustCommand(string PathId, AdminCaller Caller) : AdminCommand(Caller);

public sealed class ReloadEstTrustValidator : AdminCommandValidator<ReloadEstTrustCommand>;

public sealed class ReloadEstTrustHandler(EstProfileTable profiles, ReloadParts reload)
    : IRequestHandler<ReloadEstTrustCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReloadEstTrustCommand request, CancellationToken cancellationToken)
    {
        if (profiles.All.GetValueOrDefault(request.PathId) is not { } profile)
            return new AdminOutcome.NotFound($"EST profile not found for path_id=\"{request.PathId}\"");
        if (profile.ClientTrust is null)
            return new AdminOutcome.Conflict($"EST profile \"{request.PathId}\" does not have mTLS enabled");
        var parts = await reload(request.Caller, new PartName(PartName.EstTrust, request.PathId), cancellationToken);
        var problems = parts.SelectMany(part => part.Problems).ToList();
        return problems.Count == 0
            ? new AdminOutcome.Done("the trust bundle was read again")
            : new AdminOutcome.Failed($"Trust bundle reload failed. The old bundle stays in use: {string.Join("; ", problems)}");
    }
}
