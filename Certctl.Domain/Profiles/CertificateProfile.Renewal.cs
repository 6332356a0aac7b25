using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Domain.Profiles;

/// <summary>
/// The certificate that a request renews, and when the device asked: an operator who takes a week to approve costs the device nothing.
/// </summary>
/// <param name="Renews">Of ours, known to the journal.</param>
/// <param name="AskedAt">The instant at which the request came.</param>
public sealed record RenewalClaim(IssuedCertificate Renews, DateTimeOffset AskedAt)
{
    /// <summary>The subject in <see cref="Renews"/>; null where only its text is at hand.</summary>
    public SubjectName? Subject { get; init; }

    /// <summary>The renewal may have other names, or its names have been judged before.</summary>
    public bool MayChangeNames { get; init; } = true;

    /// <summary>Whether these are the names of the certificate that is renewed.</summary>
    public bool HasNames(SubjectName subject, IReadOnlyList<SubjectAltName> names) =>
        (Subject?.SameAs(subject) ?? Renews.Subject == subject.ToString())
        && Renews.SubjectAltNames.Select(Comparable).ToHashSet(StringComparer.Ordinal)
            .SetEquals(names.Select(name => Comparable(name.ToString())));

    // RFC 5280 §7.2: DNS names are the same in any case. No other name is: spiffe://td/Admin is not spiffe://td/admin.
    private static string Comparable(string name) => name.StartsWith("DNS:", StringComparison.Ordinal) ? AsciiCase.ToLower(name) : name;
}

public sealed partial class CertificateProfile
{
    private EnrolmentFailure? FindRenewalDefect(CertificateSigningRequest csr, RenewalClaim claim)
    {
        var (old, at) = claim;
        var last = old.NotAfter.AddDays(RenewalGraceDays);
        if (at >= last)
            return new(FailureReason.RenewalSignerExpired,
                $"{old.SerialNumber} ended at {old.NotAfter:O}, with {RenewalGraceDays} days of grace");

        // RFC 8894 §2.5: when a renewal is too early is the CA's to say.
        var opens = RenewalOpens(old);
        if (at < opens)
            return new(FailureReason.RenewalTooEarly, $"{old.SerialNumber} may be renewed from {opens:O}") { AllowedFrom = opens };

        // RFC 8894 §2.5: a new key is advised; the profile may insist.
        return RenewalRequiresNewKey && csr.PublicKey.Sha256.Span.SequenceEqual(old.PublicKeySha256)
            ? new(FailureReason.RenewalKeyReused, $"the renewal of {old.SerialNumber} has the same key")
            : null;
    }

    /// <summary>From when on a certificate may be renewed; before its beginning where the profile sets no window.</summary>
    public DateTimeOffset RenewalOpens(IssuedCertificate old)
    {
        if (RenewalWindowDays > 0)
            return old.NotAfter.AddDays(-RenewalWindowDays);
        return RenewalWindowPercent > 0
            ? old.NotAfter - ((old.NotAfter - old.NotBefore) * RenewalWindowPercent / 100)
            : DateTimeOffset.MinValue;
    }
}
