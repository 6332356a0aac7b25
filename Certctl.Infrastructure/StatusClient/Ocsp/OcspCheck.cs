using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient.Ocsp;

/// <summary>What an answer is worth.</summary>
/// <param name="Standing">About the certificate that was asked about; null: there is none, or more than one.</param>
/// <param name="Signer">Subject of the certificate whose key signed; null: none that may.</param>
/// <param name="Problems">A sentence each; none: the answer may be relied upon.</param>
/// <param name="Notes">What does not speak against the answer and may be of interest.</param>
public sealed record OcspVerdict(
    OcspStanding? Standing, string? Signer, IReadOnlyList<string> Problems, IReadOnlyList<string> Notes);

/// <summary>All that a relying party has to check before it goes by an answer (RFC 6960 §3.2, RFC 9919 §4).</summary>
public static class OcspCheck
{
    private const string SigningPurpose = "1.3.6.1.5.5.7.3.9";
    private const string NoCheckOid = "1.3.6.1.5.5.7.48.1.5";
    private const string ExtendedRevokeOid = "1.3.6.1.5.5.7.48.1.9";
    private const string ArchiveCutoffOid = "1.3.6.1.5.5.7.48.1.6";
    private static readonly string[] Processed = [OcspQuestion.NonceOid, ExtendedRevokeOid, ArchiveCutoffOid];

    // What a delegate's certificate may have as critical: basicConstraints, keyUsage, extKeyUsage, subjectAltName and nocheck.
    private static readonly string[] ProcessedOfDelegate = ["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", NoCheckOid];

    public static OcspVerdict Judge(OcspQuestion question, OcspAnswer answer, X509Certificate2 ca, DateTimeOffset now)
    {
        var (problems, notes) = (new List<string>(), new List<string>());
        var mine = answer.Standings.Where(standing => standing.Id.IsSameAs(question.Id)).ToList();
        if (mine.Count != 1)
            problems.Add(Mismatch(question, answer, mine.Count));
        var signer = FindSigner(answer, ca, now, problems, notes);
        if (mine is [var standing])
            problems.AddRange(Times(standing, answer, now));
        problems.AddRange(Nonce(question, answer, notes));
        problems.AddRange(answer.Extensions.Problems("The answer", Processed));
        problems.AddRange(mine.SelectMany(one => one.Extensions.Problems("The answer", Processed)));
        if (mine.Exists(one => one.Status == OcspStatus.Revoked) && answer.Extensions.Find(ExtendedRevokeOid) is not null
            && mine[0] is { Reason: 6, RevokedAt: { } at } && at == DateTimeOffset.UnixEpoch)
            notes.Add("The CA says with this that it never issued the certificate (RFC 6960 §2.2).");
        return new OcspVerdict(mine is [var only] ? only : null, signer, problems, notes);
    }

    private static string Mismatch(OcspQuestion question, OcspAnswer answer, int count) => count > 1
        ? $"The answer speaks {count} times of the certificate that was asked about."
        : "The answer is not about the certificate that was asked about (RFC 6960 §3.2): "
            + (answer.Standings.FirstOrDefault(other => other.Id.SerialNumber.Span.SequenceEqual(question.Id.SerialNumber.Span))
                is { } similar
                ? similar.Id.HashOid == question.Id.HashOid
                    ? "the serial number is the same, the issuer is another."
                    : $"the serial number is the same, the hash algorithm is {similar.Id.HashOid} where {question.Id.HashOid} was asked; "
                        + "see --hash."
                : $"its serial numbers are {string.Join(", ", answer.Standings.Take(5).Select(other => other.Id.SerialText))}.");

    // RFC 6960 §4.2.2.2: the CA itself, or a certificate that this CA issued directly, for this purpose.
    private static string? FindSigner(
        OcspAnswer answer, X509Certificate2 ca, DateTimeOffset now, List<string> problems, List<string> notes)
    {
        if (IsNamed(answer, ca))
        {
            if (answer.Algorithm.WhyNotSigned(ca, answer.Signed.Span, answer.Signature.Span) is { } unsigned)
                problems.Add(unsigned);
            return Text(ca.Subject);
        }

        var unreadable = 0;
        foreach (var der in answer.Certificates)
        {
            using var candidate = TryLoad(der);
            if (candidate is null)
                unreadable++;
            else if (IsNamed(answer, candidate))
            {
                problems.AddRange(OfDelegate(candidate, ca, now));
                if (answer.Algorithm.WhyNotSigned(candidate, answer.Signed.Span, answer.Signature.Span) is { } unsigned)
                    problems.Add(unsigned);
                if (candidate.Extensions.All(extension => extension.Oid?.Value != NoCheckOid))
                    notes.Add("The responder's certificate has no id-pkix-ocsp-nocheck; whether it is revoked was not asked.");
                return Text(candidate.Subject);
            }
        }

        problems.Add($"The responder is {Responder(answer)}, which is not the CA, and of the {answer.Certificates.Count} certificates "
            + $"in the answer none is its{(unreadable > 0 ? $"; {unreadable} cannot be read" : "")}.");
        return null;
    }

    private static IEnumerable<string> OfDelegate(X509Certificate2 candidate, X509Certificate2 ca, DateTimeOffset now)
    {
        var name = Text(candidate.Subject);
        if (candidate.WhyNotIssuedBy(ca) is { } stranger)
            yield return $"The responder's certificate is not from this CA. {stranger}";
        if (!candidate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(purpose => purpose.Value == SigningPurpose)))
            yield return $"{name} may not answer for the CA: its certificate has no id-kp-OCSPSigning (RFC 6960 §4.2.2.2).";
        if (!candidate.MayUse(X509KeyUsageFlags.DigitalSignature))
            yield return $"{name} may not sign: its key usage is {candidate.KeyUsageText()}.";
        if (!candidate.IsValidAt(now))
            yield return $"The responder's certificate is valid from {candidate.NotBefore.ToUniversalTime():u} to "
                + $"{candidate.NotAfter.ToUniversalTime():u} only.";
        foreach (var extension in candidate.Extensions.Where(extension => extension.Critical))
        {
            if (!ProcessedOfDelegate.Contains(extension.Oid?.Value))
                yield return $"The responder's certificate has the critical extension {extension.Oid?.Value}, "
                    + "which this program does not process.";
        }
    }

    private static IEnumerable<string> Times(OcspStanding standing, OcspAnswer answer, DateTimeOffset now)
    {
        if (answer.ProducedAt > now + StatusTimes.Tolerance)
            yield return $"producedAt, {answer.ProducedAt:u}, is in the future.";
        if (standing.ThisUpdate > now + StatusTimes.Tolerance)
            yield return $"thisUpdate, {standing.ThisUpdate:u}, is in the future.";

        // RFC 9919 §4: without nextUpdate the answer is rejected.
        if (standing.NextUpdate is not { } next)
            yield return "There is no nextUpdate (RFC 9919 §4), so an old answer cannot be told from a new one.";
        else if (next < standing.ThisUpdate)
            yield return $"nextUpdate, {next:u}, is before thisUpdate, {standing.ThisUpdate:u}.";
        else if (next < now)
            yield return $"The answer has expired: nextUpdate was {next:u}.";
    }

    // RFC 9654 §2: the client compares what it sent with what came.
    private static IEnumerable<string> Nonce(OcspQuestion question, OcspAnswer answer, List<string> notes)
    {
        var received = answer.Extensions.Find(OcspQuestion.NonceOid);
        if (question.Nonce is null && received is not null)
            notes.Add("The answer has a nonce, and none was sent.");
        if (question.Nonce is null)
            yield break;
        if (received is not { } fields)
            yield return "The answer does not repeat the nonce: it may have been made before, and kept by the responder or a cache.";
        else if (!IsNonce(fields, question.Nonce))
            yield return "The nonce of the answer is not the one that was sent: it is the answer to another request.";
    }

    private static bool IsNonce(AsnFields fields, byte[] sent) =>
        fields.NextIs(UniversalTagNumber.OctetString) && fields.Octets("nonce").Span.SequenceEqual(sent) && fields.IsEmpty;

    private static bool IsNamed(OcspAnswer answer, X509Certificate2 certificate)
    {
        // RFC 6960 §4.2.1: the key hash of a ResponderID is SHA-1's; the signature decides, not this.
        return answer.ResponderName is { } name
            ? certificate.SubjectName.RawData.AsSpan().SequenceEqual(name.Span)
            : SHA1.HashData(certificate.KeyBits().Span).AsSpan().SequenceEqual(answer.ResponderKeyHash!.Value.Span);
    }

    private static string Responder(OcspAnswer answer) => answer.ResponderName is { } name
        ? NameText.Of(name)
        : $"the one with the key hash {NameText.Hex(answer.ResponderKeyHash!.Value)}";

    private static X509Certificate2? TryLoad(ReadOnlyMemory<byte> der)
    {
        try
        {
            return StatusFile.Load(der.Span);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Text(string name) => ScepStageNames.Printable(name);
}
