using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// The nameConstraints of one CA certificate (RFC 5280 §4.2.1.10), obeyed before signing: a leaf that breaks them is refused by every
/// verifier. DNS names, mailboxes, URIs, IP addresses and directory names are compared;
/// a name of another kind is refused as soon as the CA constrains its kind.
/// </summary>
internal sealed partial class NameConstraints
{
    private const string Oid = "2.5.29.30";
    private const string CommonName = "2.5.4.3";
    private const string EmailAddress = "1.2.840.113549.1.9.1";

    private readonly List<NameSubtree> _permitted = [];
    private readonly List<NameSubtree> _excluded = [];

    private NameConstraints()
    {
    }

    /// <summary>Kinds that are constrained but not compared.</summary>
    public IEnumerable<SubjectAltNameKind> UnevaluatedKinds =>
        _permitted.Concat(_excluded).Where(subtree => !subtree.IsComparable).Select(subtree => subtree.Kind).Distinct();

    /// <summary>
    /// The constraints of <paramref name="ca"/>, or null when it has none; throws for those that <see cref="CaCheck"/> finds unreadable.
    /// </summary>
    public static NameConstraints? Of(X509Certificate2 ca) =>
        TryRead(ca, out var constraints, out var defect)
            ? constraints
            : throw new InvalidOperationException($"The nameConstraints of {ca.Subject} cannot be obeyed: {defect}.");

    /// <summary>False, with the defect in words, for constraints that cannot be read; true with null when there are none.</summary>
    public static bool TryRead(X509Certificate2 ca, out NameConstraints? constraints, out string? defect)
    {
        (constraints, defect) = (null, null);
        if (ca.Extensions[Oid] is not { } extension)
            return true;

        var read = new NameConstraints();
        var reader = new DerReader(extension.RawData);
        if (!reader.TryEnter(DerTag.Sequence, out var fields) || !reader.AtEnd || fields.AtEnd)
        {
            defect = "they are no SEQUENCE, or an empty one";
            return false;
        }

        if (!TryReadSubtrees(ref fields, 0, read._permitted, out defect) || !TryReadSubtrees(ref fields, 1, read._excluded, out defect))
            return false;
        defect = fields.AtEnd ? null : "something follows the excluded subtrees";
        constraints = defect is null ? read : null;
        return defect is null;
    }

    /// <summary>Why the CA must not sign, or null.</summary>
    public EnrolmentFailure? FindViolation(CertificateTemplate template)
    {
        foreach (var name in template.SubjectAltNames.SelectMany(ConstrainedName.Of))
        {
            if (FindDefect(name) is { } defect)
                return new EnrolmentFailure(FailureReason.SubjectAltNameNotAllowed, defect);
        }

        return SubjectNames(template).Select(FindDefect).FirstOrDefault(defect => defect is not null) is { } subject
            ? new EnrolmentFailure(FailureReason.SubjectNotAllowed, subject)
            : null;
    }

    private static bool TryReadSubtrees(ref DerReader fields, int tag, List<NameSubtree> subtrees, out string? defect)
    {
        defect = null;
        if (fields.PeekTag != DerTag.ContextConstructed(tag))
            return true;
        // RFC 5280 §4.2.1.10: GeneralSubtrees is a SEQUENCE SIZE (1..MAX).
        if (!fields.TryEnter(DerTag.ContextConstructed(tag), out var list) || list.AtEnd)
            defect = "a list of subtrees is empty";
        while (defect is null && !list.AtEnd)
        {
            if (NameSubtree.TryRead(ref list, out var subtree, out defect))
                subtrees.Add(subtree!);
        }

        return defect is null;
    }

    private static IEnumerable<ConstrainedName> SubjectNames(CertificateTemplate template)
    {
        // RFC 5280 §4.2.1.10: directoryName constraints apply to the subject when there is one.
        if (!template.Subject.IsEmpty)
            yield return ConstrainedName.Of(template.Subject);

        var hasDnsNames = template.SubjectAltNames.Any(name => name.Kind == SubjectAltNameKind.DnsName);
        foreach (var attribute in template.Subject.Rdns.SelectMany(rdn => rdn))
        {
            // RFC 5280 §4.2.1.10 asks for this where there is no rfc822Name; verifiers do it always.
            if (attribute.Oid == EmailAddress)
                yield return new ConstrainedName(
                    SubjectAltNameKind.Rfc822Name, attribute.Value.Count(c => c == '@') == 1 ? attribute.Value : string.Empty);
            // RFC 6125 §6.4.4: without DNS names a CN is taken for one, by OpenSSL's constraints too.
            if (attribute.Oid == CommonName && !hasDnsNames && LooksLikeHost().IsMatch(attribute.Value))
                yield return new ConstrainedName(SubjectAltNameKind.DnsName, attribute.Value);
        }
    }

    private string? FindDefect(ConstrainedName name)
    {
        var permitted = _permitted.Where(subtree => subtree.Kind == name.Kind).ToList();
        var excluded = _excluded.Where(subtree => subtree.Kind == name.Kind).ToList();
        if (permitted.Count + excluded.Count == 0)
            return null;
        if (!name.IsComparable || permitted.Exists(subtree => !subtree.IsComparable) || excluded.Exists(subtree => !subtree.IsComparable))
            return $"{name} cannot be compared with the CA's nameConstraints for {name.Kind}";
        if (excluded.Exists(subtree => subtree.Excludes(name)))
            return $"{name} lies in what the CA's nameConstraints exclude";
        return permitted.Count == 0 || permitted.Exists(subtree => subtree.Permits(name))
            ? null
            : $"{name} lies outside what the CA's nameConstraints permit";
    }

    [GeneratedRegex("^[A-Za-z0-9_*-]+(?:\\.[A-Za-z0-9_-]+)+\\z", RegexOptions.CultureInvariant)]
    private static partial Regex LooksLikeHost();
}
