using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Infrastructure.StatusClient.Ocsp;

namespace Certctl.Api.Commands.Status;

/// <summary>What <c>certctl ocsp query</c> found out, as text and as JSON.</summary>
internal sealed record OcspReport(
    Uri Responder, X509Certificate2 Certificate, OcspQuestion Question, OcspAnswer Answer, OcspVerdict Verdict, DateTimeOffset Now)
{
    public int ExitCode => Verdict.Problems.Count > 0 ? StatusVerb.Unusable : Verdict.Standing!.Status switch
    {
        OcspStatus.Good => 0,
        OcspStatus.Revoked => StatusVerb.Revoked,
        OcspStatus.Unknown => StatusVerb.Unknown,
    };

    // The word of an answer that may not be relied upon is no status.
    private string Status => Verdict.Problems.Count > 0 ? "unusable" : Word(Verdict.Standing!.Status);

    public string AsText()
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine($"""
            Certificate  {ScepStageNames.Printable(Certificate.Subject)}
            Serial       {Question.Id.SerialText}
            Responder    {Responder}, signed by {Verdict.Signer ?? "(not known)"} ({Answer.Algorithm.Name})
            """);
        if (Verdict.Standing is { } standing)
        {
            text.WriteLine($"Answer       {Word(standing.Status)}, thisUpdate {standing.ThisUpdate:u}, "
                + $"nextUpdate {standing.NextUpdate?.ToString("u", CultureInfo.InvariantCulture) ?? "(none)"}");
            if (standing.RevokedAt is { } at)
                text.WriteLine($"Revoked      {at:u}, {CrlEntry.Word(standing.Reason)}");
        }

        foreach (var note in Verdict.Notes)
            text.WriteLine($"Note: {note}");
        foreach (var problem in Verdict.Problems)
            text.WriteLine($"Problem: {problem}");
        text.WriteLine(Verdict.Problems.Count > 0 ? "The answer may not be relied upon." : $"Status: {Status}.");
        return text.ToString();
    }

    public string AsJson() => JsonSerializer.Serialize(
        new
        {
            status = Status,
            serial = Question.Id.SerialText,
            responder = Responder.ToString(),
            signed_by = Verdict.Signer,
            signature_algorithm = Answer.Algorithm.Name,
            answered = Verdict.Standing is { } standing ? Word(standing.Status) : null,
            revoked_at = Verdict.Standing?.RevokedAt,
            reason = Verdict.Standing is { Status: OcspStatus.Revoked, Reason: var reason } ? CrlEntry.Word(reason) : null,
            produced_at = Answer.ProducedAt,
            this_update = Verdict.Standing?.ThisUpdate,
            next_update = Verdict.Standing?.NextUpdate,
            nonce = Question.Nonce is not null,
            checked_at = Now,
            notes = Verdict.Notes,
            problems = Verdict.Problems,
            exit_code = ExitCode,
        },
        StatusVerb.JsonForm) + "\n";

    private static string Word(OcspStatus status) => status switch
    {
        OcspStatus.Good => "good",
        OcspStatus.Revoked => "revoked",
        OcspStatus.Unknown => "unknown",
    };
}
