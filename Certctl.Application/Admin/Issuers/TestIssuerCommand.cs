using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Domain.Audit;
using MediatR;

namespace Certctl.Application.Admin.Issuers;

/// <summary>
/// The CA signs something that is thrown away, and its certificate is checked as at the start; likewise the next CA.
/// </summary>
public sealed record TestIssuerCommand(string IssuerId, AdminCaller Caller) : AdminCommand(Caller);

public sealed class TestIssuerValidator : AdminCommandValidator<TestIssuerCommand>;

public sealed class TestIssuerHandler(IssuerRegistry issuers, IAuditRepository audit, TimeProvider clock)
    : IRequestHandler<TestIssuerCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(TestIssuerCommand request, CancellationToken cancellationToken)
    {
        if (issuers.Find(request.IssuerId) is not { } issuer)
            return new AdminOutcome.NotFound("Issuer not found");
        List<string> problems = [.. await issuer.Current.TestAsync(cancellationToken)];
        if (issuer.Next is { } next)
            problems.AddRange((await next.TestAsync(cancellationToken)).Select(problem => $"the CA that follows: {problem}"));
        var entry = AdminTrail.Event(
            request.Caller, AuditAction.IssuerTested, "issuer", request.IssuerId, string.Join("; ", problems), clock.GetUtcNow()) with
        {
            Outcome = problems.Count == 0 ? AuditOutcome.Done : AuditOutcome.Refused,
        };
        await audit.AppendAsync(entry, cancellationToken);
        return problems.Count == 0
            ? new AdminOutcome.Done("It signs.")
            : new AdminOutcome.Failed($"The CA cannot issue: {string.Join("; ", problems)}");
    }
}
