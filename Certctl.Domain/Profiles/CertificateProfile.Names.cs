using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles.Templates;

namespace Certctl.Domain.Profiles;

public sealed partial class CertificateProfile
{
    private SubjectTemplate? _subjectTemplate;
    private SanTemplate? _sanTemplate;

    /// <summary>The names that the certificate is to have, not yet judged; a failure when they cannot be made.</summary>
    private EnrolmentFailure? FindNames(
        CertificateSigningRequest csr,
        DeviceClaim? claim,
        RenewalClaim? renewal,
        out SubjectName subject,
        out IReadOnlyList<SubjectAltName> names)
    {
        (subject, names) = Content.DropBlankNames
            ? (BlankNames.Drop(csr.Subject), BlankNames.Drop(csr.SubjectAltNames))
            : (csr.Subject, csr.SubjectAltNames);

        // A device that renews asks for the names of its certificate, or for those that it asked for at first. Templates apply to the
        // latter alone: they have made the former. A certificate may have blanks that were not dropped when it was issued.
        var namesOfCertificate = renewal is not null
            && (renewal.HasNames(subject, names) || (Content.DropBlankNames && renewal.HasNames(csr.Subject, csr.SubjectAltNames)));
        if ((Content.SubjectTemplate.Count > 0 || Content.SanTemplate.Count > 0) && !namesOfCertificate)
        {
            var source = new TemplateSource(subject, names, claim);
            _subjectTemplate ??= SubjectTemplate.Of(Content.SubjectTemplate);
            _sanTemplate ??= SanTemplate.Of(Content.SanTemplate, Content);
            if (_subjectTemplate is not null
                && Expand(_subjectTemplate.Expand(source, out var unnamed), unnamed, ref subject) is { } subjectDefect)
                return new(FailureReason.SubjectNotAllowed, $"subject_template: {subjectDefect}");
            if (_sanTemplate is not null && Expand(_sanTemplate.Expand(source, out var missing), missing, ref names) is { } sanDefect)
                return new(FailureReason.SubjectAltNameNotAllowed, $"san_template: {sanDefect}");
        }

        return renewal is { MayChangeNames: false } && !namesOfCertificate && !renewal.HasNames(subject, names)
            ? new(FailureReason.RenewalNameChanged,
                $"{renewal.Renews.SerialNumber} is {renewal.Renews.Subject} [{string.Join(", ", renewal.Renews.SubjectAltNames)}]")
            : null;
    }

    private static string? Expand<T>(T? expanded, string? defect, ref T names)
        where T : class
    {
        names = expanded ?? names;
        return defect;
    }
}
