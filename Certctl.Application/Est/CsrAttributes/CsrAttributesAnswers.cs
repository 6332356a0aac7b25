using System.Runtime.CompilerServices;
using Certctl.Application.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Domain.Profiles.Expectations;

namespace Certctl.Application.Est.CsrAttributes;

/// <summary>Says what a certificate profile will ask of requests (RFC 7030 §4.5).</summary>
public sealed class CsrAttributesAnswers(ICertificateProfileRepository profiles, ICsrAttributesWriter writer)
{
    // The repository hands out one object for each version of a profile.
    private readonly ConditionalWeakTable<CertificateProfile, Dictionary<CsrAttributesForm, byte[]>> _written = [];

    /// <summary>CsrAttrs as DER; null where there is nothing to say, because the profile is unknown or disabled.</summary>
    public async Task<byte[]?> FindAsync(string profileId, CsrAttributesForm form, CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(profileId, fresh: false, cancellationToken) is not { Enabled: true } profile)
            return null;
        var written = _written.GetValue(profile, static _ => []);
        lock (written)
        {
            if (!written.TryGetValue(form, out var der))
                written[form] = der = writer.Write(RequestExpectations.Of(profile), form);
            return der;
        }
    }
}
