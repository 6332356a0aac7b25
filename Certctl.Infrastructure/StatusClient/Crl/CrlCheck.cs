using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient.Crl;

/// <summary>
/// Whether a relying party may go by a CRL: it is from this CA, unaltered, current, and of the form that RFC 5280 §5 demands. Every
/// defect is one sentence.
/// </summary>
public static class CrlCheck
{
    private const int MaxNumber = 20;

    // authorityKeyIdentifier, issuerAltName, cRLNumber, deltaCRLIndicator, issuingDistributionPoint, freshestCRL.
    private static readonly string[] Processed = ["2.5.29.35", "2.5.29.18", "2.5.29.20", "2.5.29.27", "2.5.29.28", "2.5.29.46"];

    /// <param name="cas">At least one; that of the CRL is chosen by name and key identifier.</param>
    /// <param name="chosen">The one it was checked against.</param>
    public static IReadOnlyList<string> Problems(
        ReceivedCrl crl, IReadOnlyList<X509Certificate2> cas, DateTimeOffset now, out X509Certificate2 chosen)
    {
        var ca = cas.FirstOrDefault(candidate => IsNamed(crl, candidate) && HasKeyId(crl, candidate))
            ?? cas.FirstOrDefault(candidate => IsNamed(crl, candidate)) ?? cas[0];
        chosen = ca;
        return [.. Origin(crl, ca, now), .. Dates(crl, now), .. Form(crl), .. OfEntries(crl)];
    }

    private static IEnumerable<string> Origin(ReceivedCrl crl, X509Certificate2 ca, DateTimeOffset now)
    {
        if (!IsNamed(crl, ca))
            yield return $"The issuer is {crl.IssuerName}, and the CA certificate is {ScepStageNames.Printable(ca.Subject)}.";
        if (crl.AuthorityKeyId is null)
            yield return "There is no key identifier in authorityKeyIdentifier (RFC 5280 §5.2.1).";
        else if (!HasKeyId(crl, ca))
            yield return $"authorityKeyIdentifier is {crl.AuthorityKeyId}, and the CA's key identifier is {ca.KeyId() ?? "absent"}.";
        if (!crl.InnerAlgorithm.Der.Span.SequenceEqual(crl.OuterAlgorithm.Der.Span))
            yield return $"The signature algorithm inside is {crl.InnerAlgorithm.Name}, outside it is {crl.OuterAlgorithm.Name}, "
                + "and they must be the same octets (RFC 5280 §5.1.1.2).";
        if (crl.OuterAlgorithm.WhyNotSigned(ca, crl.Signed.Span, crl.Signature.Span) is { } unsigned)
            yield return unsigned;
        if (!ca.MayUse(X509KeyUsageFlags.CrlSign))
            yield return $"The CA certificate may not sign CRLs: its key usage is {ca.KeyUsageText()}.";
        if (!ca.IsValidAt(now))
            yield return $"The CA certificate is valid from {ca.NotBefore.ToUniversalTime():u} to {ca.NotAfter.ToUniversalTime():u} only.";
    }

    private static IEnumerable<string> Dates(ReceivedCrl crl, DateTimeOffset now)
    {
        if (crl.ThisUpdate > now + StatusTimes.Tolerance)
            yield return $"thisUpdate, {crl.ThisUpdate:u}, is in the future.";
        if (crl.NextUpdate is not { } next)
            yield return "There is no nextUpdate (RFC 5280 §5.1.2.5), so it cannot be told whether this is the newest CRL.";
        else if (next <= crl.ThisUpdate)
            yield return $"nextUpdate, {next:u}, is not after thisUpdate, {crl.ThisUpdate:u}.";
        else if (next < now)
            yield return $"It has expired: nextUpdate was {next:u}.";
        if (crl.HasLongDate)
            yield return "A date before 2050 is a GeneralizedTime; RFC 5280 §5.1.2.4 demands UTCTime.";
    }

    private static IEnumerable<string> Form(ReceivedCrl crl)
    {
        if (!crl.HasVersion)
            yield return "It is of version 1; RFC 5280 §5.1.2.1 demands 2.";
        if (crl.Number is not { } number)
            yield return "There is no cRLNumber (RFC 5280 §5.2.3).";
        else if (number.Sign < 0 || number.GetByteCount() > MaxNumber)
            yield return $"cRLNumber is negative or has more than {MaxNumber} octets (RFC 5280 §5.2.3).";
        if (crl.Extensions.Any(extension => extension is { Oid: "2.5.29.20", IsCritical: true }))
            yield return "cRLNumber is critical (RFC 5280 §5.2.3).";
        if (crl.BaseNumber > crl.Number)
            yield return $"The base of this delta CRL, {crl.BaseNumber}, has a greater number than the delta, {crl.Number}.";
        foreach (var (oid, name) in new[] { ("2.5.29.27", "deltaCRLIndicator"), ("2.5.29.28", "issuingDistributionPoint") })
        {
            if (crl.Extensions.Any(extension => extension.Oid == oid && !extension.IsCritical))
                yield return $"{name} is not critical (RFC 5280 §5.2.4, §5.2.5).";
        }

        if (crl.Scope is { IsIndirect: true })
            yield return "It is an indirect CRL (RFC 5280 §5.2.5): it may speak of certificates of other CAs, and this program does not "
                + "process indirect CRLs.";
        if (crl.Scope is { SaysNothing: true })
            yield return "issuingDistributionPoint is empty (RFC 5280 §5.2.5).";
        if (crl.Scope is { OnlyKinds: > 1 })
            yield return "issuingDistributionPoint sets more than one of the onlyContains fields (RFC 5280 §5.2.5).";
        foreach (var problem in crl.Extensions.Problems("The CRL", Processed))
            yield return problem;
    }

    // One sentence for each kind of defect: a list may have a million entries.
    private static IEnumerable<string> OfEntries(ReceivedCrl crl)
    {
        var (count, isFirstOf) = (0L, new HashSet<string>(StringComparer.Ordinal));
        var latest = crl.ThisUpdate + StatusTimes.Tolerance;
        var problems = new List<string>();
        foreach (var entry in crl.Entries)
        {
            count++;
            if (entry.UnknownCritical is { } oid && isFirstOf.Count < MaxNumber && isFirstOf.Add(oid))
                problems.Add($"Entry {entry.SerialText} has the critical extension {oid}, which this program does not process.");
            if (entry.RevokedAt > latest && isFirstOf.Add("date"))
                problems.Add($"Entry {entry.SerialText} was revoked at {entry.RevokedAt:u}, after thisUpdate.");
            if (entry.Reason == 8 && crl.BaseNumber is null && isFirstOf.Add("removed"))
                problems.Add($"Entry {entry.SerialText} has the reason removeFromCRL, which only a delta CRL has (RFC 5280 §5.3.1).");
            if (entry.IsIndirect && isFirstOf.Add("indirect"))
                problems.Add($"Entry {entry.SerialText} is of another issuer; this program does not process indirect CRLs.");
            if (!crl.HasVersion && entry.HasExtensions && isFirstOf.Add("version"))
                problems.Add($"Entry {entry.SerialText} has extensions, which version 1 does not (RFC 5280 §5.1.2.1).");
        }

        // RFC 5280 §5.1.2.6: revokedCertificates is absent when there is none.
        return crl.HasEntryList && count == 0 ? problems.Append("revokedCertificates is there and empty (RFC 5280 §5.1.2.6).") : problems;
    }

    private static bool IsNamed(ReceivedCrl crl, X509Certificate2 ca) => ca.SubjectName.RawData.AsSpan().SequenceEqual(crl.Issuer.Span);

    private static bool HasKeyId(ReceivedCrl crl, X509Certificate2 ca) =>
        string.Equals(ca.KeyId(), crl.AuthorityKeyId, StringComparison.OrdinalIgnoreCase);
}
