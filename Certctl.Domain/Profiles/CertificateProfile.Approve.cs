using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles.Usages;

namespace Certctl.Domain.Profiles;

public sealed partial class CertificateProfile
{
    private NamePolicy? _names;
    private IReadOnlyList<string>? _ekuOids;

    /// <summary>Judges a request: the only way to a <see cref="CertificateTemplate"/>.</summary>
    /// <param name="csr">With proof of possession already verified.</param>
    /// <param name="defaultValidity">The issuer's life of a leaf, which <see cref="MaxTtlSeconds"/> may shorten.</param>
    /// <param name="now">The instant of the request, by the database's time.</param>
    /// <param name="renewal">What it renews; null for a first certificate.</param>
    /// <param name="claim">What a signed challenge says of the device; null where none came.</param>
    public Approval Approve(
        CertificateSigningRequest csr,
        TimeSpan defaultValidity,
        DateTimeOffset now,
        RenewalClaim? renewal = null,
        DeviceClaim? claim = null)
    {
        if (!Enabled)
            return Deny(FailureReason.ProfileUnavailable, $"certificate profile {Id} is disabled");
        if (renewal is not null && FindRenewalDefect(csr, renewal) is { } untimely)
            return new Approval.Denied(untimely);
        if (KeyPolicy.FindDefect(csr.PublicKey, AllowedKeyAlgorithms) is { } key)
            return Deny(FailureReason.KeyNotAllowed, key);
        if (KeyPolicy.FindWeakness(csr.PublicKey) is { } weakness)
            return Deny(FailureReason.WeakKey, weakness);
        if (FindNames(csr, claim, renewal, out var subject, out var names) is { } unmade)
            return new Approval.Denied(unmade);
        if (NamePolicy.FindSubjectDefect(subject, names.Count > 0) is { } unnamed)
            return Deny(FailureReason.SubjectNotAllowed, unnamed);

        _names ??= new NamePolicy(RequiredSanPatterns, SpiffeUriPattern, Content);
        _ekuOids ??= [.. AllowedEkus.Select(ExtendedKeyUsageNames.OidOf)];
        names = NamePolicy.Distinct(names);
        if (_names.FindDefect(names) is { } san)
            return Deny(FailureReason.SubjectAltNameNotAllowed, san);
        if (RequiredCsrAttributes.FirstOrDefault(name => !CsrAttributeNames.IsIn(csr, name)) is { } missing)
            return Deny(FailureReason.AttributeMissing, $"the request lacks {missing}");

        var wish = Content.AllowRequestedValidity ? csr.RequestedValidity : null;
        if (ValidityPolicy.FindDefect(wish, now, AllowShortLived) is { } impossible)
            return Deny(FailureReason.ValidityNotPossible, impossible);
        var (notBefore, notAfter) = ValidityPolicy.Period(now, ValidityPolicy.Shorter(defaultValidity, MaxTtlSeconds), wish);
        return new Approval.Granted(new CertificateTemplate
        {
            ProfileId = Id,
            Subject = subject.Normalised(),
            PublicKey = csr.PublicKey,
            SubjectAltNames = names.Count == 0 ? [] : [.. names.Select(name => name.Normalised())],
            KeyUsage = KeyPolicy.UsageOf(csr.PublicKey.Algorithm, _ekuOids, Content.KeyUsage),
            ExtendedKeyUsages = _ekuOids,
            ExtendedKeyUsageIsCritical = Content.ExtendedKeyUsageIsCritical,
            ApprovedAt = now,
            NotBefore = notBefore,
            NotAfter = notAfter,
            MustStaple = MustStaple,
            CrlPartitions = Content.CrlPartitions,
        });
    }

    private static Approval.Denied Deny(FailureReason reason, string detail) => new(new EnrolmentFailure(reason, detail));
}
