using Certctl.Domain.Audit;

namespace Certctl.Application.Enrolment;

/// <summary>The trail for what the journal does not carry: refusals and administrative acts.</summary>
public interface IAuditRepository
{
    /// <summary>
    /// Appends a refusal. In bounded volume: a flood of like refusals (same action, path, reason, source) is counted in memory and written as
    /// one row with its count, so an attacker cannot fill the table. Throws when the database cannot be written.
    /// </summary>
    Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken);
}
