using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Profiles;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.Probes;

/// <summary>Another SCEP server is asked what it says of itself. Done: its summary is the id of the result.</summary>
public sealed record ProbeScepCommand(string Url, AdminCaller Caller) : AdminCommand(Caller);

public sealed class ProbeScepValidator : AdminCommandValidator<ProbeScepCommand>
{
    public const int MaxLength = 2048;

    public ProbeScepValidator()
    {
        RuleFor(c => c.Url).NotEmpty().WithMessage("url: is required");
        RuleFor(c => c.Url).Must(text => Target(text) is not null).When(c => c.Url.Length > 0)
            .WithMessage(
                $"url: must be an http or https URL without user name, of at most {MaxLength} characters, such as https://host/scep");
    }

    /// <summary>Without query and fragment; null: it is none.</summary>
    internal static Uri? Target(string text) =>
        TextLength.Of(text) <= MaxLength && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url.UserInfo.Length == 0 && url.Host.Length > 0
            ? new Uri(url.GetLeftPart(UriPartial.Path))
            : null;
}

public sealed class ProbeScepHandler(IScepProbes probes, IAuditRepository audit, TimeProvider clock)
    : IRequestHandler<ProbeScepCommand, AdminOutcome>
{
    private const string Resource = "scep_server";
    private const string TargetNotAllowed = "target_not_allowed";
    private const string TurnedOff = "turned_off";

    /// <summary>Labels of its refusals in the audit trail.</summary>
    public static readonly IReadOnlyList<string> Reasons = [TargetNotAllowed, TurnedOff];

    private const string Off = "Probes are turned off; CERTCTL_SCEP_PROBE_ENABLED turns them on.";

    public async Task<AdminOutcome> Handle(ProbeScepCommand request, CancellationToken cancellationToken)
    {
        var target = ProbeScepValidator.Target(request.Url)!;
        AuditEvent Entry(string detail) =>
            AdminTrail.Event(request.Caller, AuditAction.ScepProbed, Resource, target.ToString(), detail, clock.GetUtcNow());
        Task RefusedAsync(string reason, string detail) =>
            audit.AppendAsync(Entry(detail) with { Outcome = AuditOutcome.Refused, Reason = reason }, cancellationToken);
        switch (await probes.AskAsync(target, cancellationToken))
        {
            case ScepProbing.Asked(var result):
                await probes.KeepAsync(result, Entry(result.Error ?? "it answers"), cancellationToken);
                return new AdminOutcome.Done(result.Id);
            case ScepProbing.NotAllowed(var detail):
                await RefusedAsync(TargetNotAllowed, detail);
                return new AdminOutcome.Unacceptable(detail);
            case ScepProbing.TurnedOff:
                await RefusedAsync(TurnedOff, Off);
                return new AdminOutcome.Conflict(Off);
            default:
                return new AdminOutcome.Conflict("Other servers are being asked already; try again when they have answered.");
        }
    }
}
