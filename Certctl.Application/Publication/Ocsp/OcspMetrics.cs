using System.Diagnostics;
using System.Diagnostics.Metrics;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>Counts OCSP answers: an entry of a signed answer by its status, an error as one.</summary>
public sealed class OcspMetrics : IDisposable
{
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly Counter<long> _answers;

    public OcspMetrics() => _answers = _meter.CreateCounter<long>(
        "certctl_ocsp_answers_total", "{answer}",
        "OCSP answers by issuer and status (good, revoked, unknown, malformed, try_later, internal_error, rate_limited).");

    /// <summary>A request that was told tryLater because its address sent too many.</summary>
    public void Limited(IPublishesStatus issuer) => Count(IssuerNames.Of(issuer), "rate_limited");

    internal void Answered(IPublishesStatus issuer, IReadOnlyList<CertificateStatus> statuses)
    {
        var name = IssuerNames.Of(issuer);
        foreach (var status in statuses)
            Count(name, Word(status));
    }

    internal void Failed(IPublishesStatus issuer, OcspError error) => Count(IssuerNames.Of(issuer), Word(error));

    public void Dispose() => _meter.Dispose();

    private void Count(string issuer, string status) => _answers.Add(1, new TagList { { "issuer", issuer }, { "status", status } });

    private static string Word(CertificateStatus status) => status switch
    {
        CertificateStatus.Good => "good",
        CertificateStatus.Revoked => "revoked",
        CertificateStatus.Unknown => "unknown",
    };

    private static string Word(OcspError error) => error switch
    {
        OcspError.MalformedRequest => "malformed",
        OcspError.InternalError => "internal_error",
        OcspError.TryLater => "try_later",
    };
}
