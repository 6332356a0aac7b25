using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Fixtures;

/// <summary>What an operator does, on the server's database, through the product's own repositories.</summary>
internal static class Operator
{
    /// <summary>From now on the default certificate profile wants an operator's approval.</summary>
    public static async Task RequireApprovalAsync(this ServiceProvider database, int approvals = 1)
    {
        var profiles = database.GetRequiredService<ICertificateProfileRepository>();
        var stored = await profiles.FindAsync(CertificateProfile.DefaultId, fresh: true, CancellationToken.None);
        var now = TimeProvider.System.GetUtcNow();
        var changed = new CertificateProfile
        {
            Id = stored!.Id,
            Name = stored.Name,
            AllowedKeyAlgorithms = stored.AllowedKeyAlgorithms,
            AllowedEkus = stored.AllowedEkus,
            RequiresApproval = true,
            ApprovalsRequired = approvals,
            Version = stored.Version + 1,
            CreatedAt = stored.CreatedAt,
            UpdatedAt = now,
        };
        Assert.IsType<ProfileSaving.Saved>(
            await profiles.SaveAsync(
                changed, stored.Version, _ => Audit(AuditAction.ProfileSaved, "profile", changed.Id, now), CancellationToken.None));
    }

    /// <summary>Approves or denies, as the only operator needed.</summary>
    public static async Task DecideAsync(this ServiceProvider database, Enrolment pending, bool approved)
    {
        var now = TimeProvider.System.GetUtcNow();
        var audit = Audit(approved ? AuditAction.EnrolmentApproved : AuditAction.EnrolmentDenied, "enrolment", pending.Id.ToString(), now);
        Assert.IsType<DecisionVerdict.Counted>(await database.GetRequiredService<IApprovalRepository>().DecideAsync(
            new EnrolmentDecision
            {
                EnrolmentId = pending.Id,
                Actor = "operator",
                Principal = "operator",
                Approved = approved,
                Note = "",
                DecidedAt = now,
            }, audit, CancellationToken.None));
    }

    private static AuditEvent Audit(string action, string resourceType, string resourceId, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Timestamp = now,
        Actor = "operator",
        ActorType = "User",
        Action = action,
        Outcome = AuditOutcome.Done,
        ResourceType = resourceType,
        ResourceId = resourceId,
    };
}
