using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Profiles;

/// <summary>A certificate profile is made or replaced.</summary>
/// <param name="ExpectedVersion">The stored version that the caller has read; 0: it must not exist yet.</param>
/// <param name="Change">
/// What it was and what it becomes, for the audit trail, from the version that is stored; no secrets are in profiles.
/// </param>
public sealed record SaveProfileCommand(CertificateProfile Profile, int ExpectedVersion, Func<int, string> Change, AdminCaller Caller)
    : AdminCommand(Caller);

public sealed class SaveProfileValidator : AdminCommandValidator<SaveProfileCommand>
{
    public SaveProfileValidator() => RuleFor(c => c.Profile).Custom((profile, context) =>
    {
        foreach (var problem in profile.Validate())
            context.AddFailure(problem);
    });
}

public sealed class SaveProfileHandler(ICertificateProfileRepository profiles, TimeProvider clock)
    : IRequestHandler<SaveProfileCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(SaveProfileCommand request, CancellationToken cancellationToken)
    {
        var isNew = request.ExpectedVersion == 0;
        var (action, now) = (isNew ? AuditAction.ProfileCreated : AuditAction.ProfileSaved, clock.GetUtcNow());
        AuditEvent Audit(int version) => ProfileTrail.Event(request, request.Profile.Id, action, request.Change(version), now);
        return await profiles.SaveAsync(request.Profile, request.ExpectedVersion, Audit, cancellationToken) switch
        {
            ProfileSaving.Saved(var version) => new AdminOutcome.Stored(version, isNew ? "created" : "replaced"),
            ProfileSaving.NameTaken => new AdminOutcome.Conflict($"Another profile has the name \"{request.Profile.Name}\"."),
            ProfileSaving.ChangedMeanwhile when isNew =>
                new AdminOutcome.Conflict($"There is a profile \"{request.Profile.Id}\" already, or there was one a moment ago."),
            _ => ProfileTrail.Outdated(request.Profile.Id),
        };
    }
}

/// <summary>A certificate profile that nothing refers to is taken away.</summary>
/// <param name="ExpectedVersion">The stored version that the caller has read.</param>
/// <param name="Change">What it was, for the audit trail.</param>
public sealed record DeleteProfileCommand(string ProfileId, int ExpectedVersion, string Change, AdminCaller Caller) : AdminCommand(Caller);

public sealed class DeleteProfileValidator : AdminCommandValidator<DeleteProfileCommand>;

public sealed class DeleteProfileHandler(
    ICertificateProfileRepository profiles, ScepProfileTable scep, EstProfileTable est, TimeProvider clock)
    : IRequestHandler<DeleteProfileCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(DeleteProfileCommand request, CancellationToken cancellationToken)
    {
        if (scep.All.Values.FirstOrDefault(profile => profile.Policy.CertificateProfileId == request.ProfileId) is { } user)
            return new AdminOutcome.Conflict($"SCEP profile \"{user.PathId}\" issues under it.");
        if (est.All.Values.FirstOrDefault(profile => profile.Policy.CertificateProfileId == request.ProfileId) is { } other)
            return new AdminOutcome.Conflict($"EST profile \"{other.PathId}\" issues under it.");
        var audit = ProfileTrail.Event(request, request.ProfileId, AuditAction.ProfileDeleted, request.Change, clock.GetUtcNow());
        return await profiles.DeleteAsync(request.ProfileId, request.ExpectedVersion, audit, cancellationToken) switch
        {
            ProfileDeletion.Deleted => new AdminOutcome.Done("deleted"),
            ProfileDeletion.InUse => new AdminOutcome.Conflict(
                "Certificates or requests refer to it; disable it instead, so that it can still be told what they were issued under."),
            _ => ProfileTrail.Outdated(request.ProfileId),
        };
    }
}

/// <summary>Changes of certificate profiles as lines of the audit trail.</summary>
internal static class ProfileTrail
{
    public static AdminOutcome Outdated(string id) =>
        new AdminOutcome.Outdated($"The profile \"{id}\" was changed meanwhile; look at it and try again.");

    public static AuditEvent Event(AdminCommand command, string profileId, string action, string change, DateTimeOffset now) =>
        AdminTrail.Event(command.Caller, action, "profile", profileId, change, now) with { ProfileId = profileId };
}
