using Certctl.Application.Admin.Jobs;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Application.Admin.Certificates;

/// <summary>Revocations and releases as lines of the audit trail.</summary>
internal static class RevocationTrail
{
    public static AdminOutcome NotFound => new AdminOutcome.NotFound("Certificate not found");

    /// <param name="act">What was done, in a few words.</param>
    /// <param name="note">Free text; empty when there is none.</param>
    public static AuditEvent Event(
        AdminCaller caller, IssuedCertificate certificate, string action, string act, string note, DateTimeOffset now) =>
        AdminTrail.Event(caller, action, "certificate", certificate.SerialNumber, Noted(act, note), now) with
        {
            PathId = certificate.PathId,
            ProfileId = certificate.ProfileId,
            Subject = certificate.Subject,
            SubjectAltNames = certificate.SubjectAltNames,
            SerialNumber = certificate.SerialNumber,
        };

    public static AuditEvent RevokedByJob(RevocationJob job, IssuedCertificate certificate, DateTimeOffset now) =>
        Event(job.Caller, certificate, AuditAction.CertificateRevoked, $"{job.Reason}, by job {job.Id}", job.Note, now);

    public static AuditEvent JobInitiated(RevocationJob job) => AdminTrail.Event(
        job.Caller, AuditAction.BulkRevocationInitiated, "job", $"{job.Id}",
        Noted($"{job.Reason}, {Named(job.Criteria)}: {job.Matched} certificates", job.Note), job.CreatedAt);

    /// <param name="caller">Who ended it: of a cancelled one not always who asked for it.</param>
    public static AuditEvent JobEnded(RevocationJob job, AdminCaller caller) => AdminTrail.Event(
        caller, AuditAction.BulkRevocationEnded, "job", $"{job.Id}",
        $"{job.State}: {job.Revoked} of {job.Matched} certificates revoked, {job.Skipped} skipped"
            + (job.Error is { } error ? $", {job.Failed} failed: {error}" : ""),
        job.EndedAt!.Value) with
    {
        Outcome = job.State == JobState.Failed ? AuditOutcome.Refused : AuditOutcome.Done,
    };

    private static string Noted(string act, string note) => note.Length == 0 ? act : $"{act}: {note}";

    private static string Named(RevocationCriteria criteria)
    {
        (string Name, string? Value)[] all =
        [
            ("issuer", criteria.Filter.IssuerId),
            ("profile", criteria.Filter.ProfileId),
            ("path", criteria.Filter.PathId is "" ? "(root)" : criteria.Filter.PathId),
            ("source", criteria.Filter.Source),
            ("serial numbers", criteria.SerialNumbers is { } serials ? $"{serials.Count}" : null),
        ];
        return string.Join(", ", all.Where(one => one.Value is not null).Select(one => $"{one.Name} {one.Value}"));
    }
}
