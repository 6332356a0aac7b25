using System.Globalization;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Pages.Elements;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Publication;

namespace Certctl.Api.Pages.Overview;

/// <summary>Something that an operator should look at.</summary>
/// <param name="State">In a word or two.</param>
/// <param name="Address">Where its cause is seen, relative to the root of the pages.</param>
internal sealed record HealthItem(Tone Tone, string State, string What, string Address);

/// <summary>
/// What is wrong now, from the values that <c>/metrics</c> shows: the certificates that the server depends on, its CRLs, its clock. Asks
/// nothing of the database.
/// </summary>
internal sealed class HealthReport(OwnCertificates certificates, CrlPublisher crls, DatabaseClock clock, TimeProvider time)
{
    /// <summary>Worst first; empty: nothing needs attention.</summary>
    public IReadOnlyList<HealthItem> Items()
    {
        var now = time.GetUtcNow();
        return [.. Certificates(now).Concat(Crls(now)).Concat(Clock()).OrderByDescending(item => item.Tone == Tone.Bad)];
    }

    private IEnumerable<HealthItem> Certificates(DateTimeOffset now)
    {
        foreach (var own in certificates.All())
        {
            var left = Expiry.Of((int)Math.Floor((own.NotAfter - now).TotalDays), own.NotAfter <= now);
            if (left.Tone != Tone.Good)
                yield return new HealthItem(left.Tone, left.Words, $"{KindOf(own)}: {own.Subject}", AddressOf(own));
        }
    }

    private IEnumerable<HealthItem> Crls(DateTimeOffset now) =>
        crls.Held.Where(held => held.Crl.NextUpdate <= now)
            .Select(held => new HealthItem(Tone.Bad, Texts.CrlOverdue, $"CRL {held.Name}", "issuers"));

    private IEnumerable<HealthItem> Clock()
    {
        if (clock.Difference is { } difference && difference.Duration() > DatabaseClock.MaxDifference)
        {
            var seconds = Math.Round(difference.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            yield return new HealthItem(Tone.Warn, $"{seconds} s", Texts.ClockDiffers, "");
        }
    }

    private static string KindOf(OwnCertificate own)
    {
        var kind = own.Kind switch
        {
            "tls" => Texts.TlsCertificate,
            "ra" => Texts.RaCertificate,
            "ca" => Texts.CaCertificate,
            "next_ca" => Texts.NextCa,
            _ => Texts.TrustAnchor,
        };
        return own.PathId.Length > 0 ? $"{kind} ({own.PathId})" : kind;
    }

    private static string AddressOf(OwnCertificate own) => own.Kind switch
    {
        "ra" => "scep",
        "intune_anchor" => $"scep?tab=intune&profile={Uri.EscapeDataString(own.PathId)}",
        "ca" or "next_ca" => "issuers",
        _ => "",
    };
}
