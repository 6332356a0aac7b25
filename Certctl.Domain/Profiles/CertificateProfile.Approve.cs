using Certctl.Domain.Enrolment;

namespace Certctl.Domain.Profiles;

public sealed partial class CertificateProfile
{
    // Device clocks run late: a certificate from this moment on would not be valid yet for them.
    private static readonly TimeSpan BackDating = TimeSpan.FromMinutes(5);

    private NamePolicy? _names;

    /// <summary>Judges a request: the only way to a <see cref="CertificateTemplate"/>.</summary>
    /// <param name="csr">With proof of possession already verified.</param>
    /// <param name="defaultValidity">The issuer's life of a leaf, which <see cref="MaxTtlSeconds"/> may shorten.</param>
    /// <param name="now">The instant of the request.</param>
    /// <param name="renewal">What it renews; null for a first certificate.</param>
    public Approval Approve(CertificateSigningRequest csr, TimeSpan defaultValidity, DateTimeOffset now, RenewalClaim? renewal = null)
    {
        if (!Enabled)
            return Deny(FailureReason.ProfileUnavailable, $"certificate profile {Id} is disabled");
        if (renewal is not null && FindRenewalDefect(csr, renewal) is { } untimely)
            return new Approval.Denied(untimely);
        if (KeyPolicy.FindDefect(csr.PublicKey, AllowedKeyAlgorithms) is { } key)
            return Deny(FailureReason.KeyNotAllowed, key);
        if (KeyPolicy.FindWeakness(csr.PublicKey) is { } weakness)
            return Deny(FailureReason.WeakKey, weakness);
        if (NamePolicy.FindSubjectDefect(csr.Subject, csr.SubjectAltNames.Count > 0) is { } subject)
            return Deny(FailureReason.SubjectNotAllowed, subject);

        _names ??= new NamePolicy(RequiredSanPatterns, SpiffeUriPattern);
        var names = NamePolicy.Distinct(csr.SubjectAltNames);
        if (_names.FindDefect(names) is { } san)
            return Deny(FailureReason.SubjectAltNameNotAllowed, san);
        if (RequiredCsrAttributes.FirstOrDefault(name => !CsrAttributeNames.IsIn(csr, name)) is { } missing)
            return Deny(FailureReason.AttributeMissing, $"the request lacks {missing}");

        var notBefore = WholeSeconds(now - BackDating);
        return new Approval.Granted(new CertificateTemplate
        {
            ProfileId = Id,
            Subject = csr.Subject.Normalised(),
            PublicKey = csr.PublicKey,
            SubjectAltNames = names,
            KeyUsage = KeyPolicy.UsageOf(csr.PublicKey, AllowedEkus),
            ExtendedKeyUsages = [.. AllowedEkus.Select(name => ExtendedKeyUsageNames.Oids[name])],
            NotBefore = notBefore,
            NotAfter = WholeSeconds(now + ValidityPolicy.Shorter(defaultValidity, MaxTtlSeconds)),
            MustStaple = MustStaple,
        });
    }

    private static Approval.Denied Deny(FailureReason reason, string detail) => new(new EnrolmentFailure(reason, detail));

    // RFC 5280 §4.1.2.5: times have no fractions.
    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => time.ToUniversalTime().AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
}
