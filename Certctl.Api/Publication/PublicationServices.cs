using System.Runtime.CompilerServices;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;

namespace Certctl.Api.Publication;

/// <summary>What the endpoints of publication need; both listeners have the same.</summary>
/// <param name="findCrl">From memory, of a CA or of a partition by its name; null: not made yet.</param>
/// <param name="certificatesOnly">Writes a certs-only SignedData of DER certificates.</param>
internal sealed class PublicationServices(
    IssuerRegistry issuers,
    Func<IPublishesStatus, string?, PublishedCrl?> findCrl,
    OcspAnswers ocsp,
    OcspLimit limit,
    Func<IReadOnlyList<ReadOnlyMemory<byte>>, byte[]> certificatesOnly,
    TimeProvider clock)
{
    // They go with the CRL or CA that they are of.
    private readonly ConditionalWeakTable<PublishedCrl, Lazy<CrlFiles>> _crls = new();
    private readonly ConditionalWeakTable<IPublishesStatus, CaFiles> _cas = new();

    /// <summary>Whether there is no further CRL of a CA, or of a partition by its name, and the last one has lapsed.</summary>
    public Func<IPublishesStatus, string?, bool> HasEnded { get; init; } = (_, _) => false;

    public OcspAnswers Ocsp => ocsp;

    public OcspLimit Limit => limit;

    public TimeProvider Clock => clock;

    /// <summary>The first CRL since the start, which is waited for some time; null: it is not there then.</summary>
    public Func<IPublishesStatus, CancellationToken, Task<PublishedCrl?>> AwaitCrl { get; init; } =
        (_, _) => Task.FromResult<PublishedCrl?>(null);

    public OutdatedFiles Outdated { get; init; } = new(OutdatedFiles.DefaultRoom);

    public IPublishesStatus? FindIssuer(string name) => IssuerNames.Find(issuers, name);

    public PublishedCrl? FindCrl(IPublishesStatus issuer, string? partition = null) => findCrl(issuer, partition);

    public CrlFiles FilesOf(PublishedCrl crl) => _crls.GetValue(crl, crl => new(() => new CrlFiles(crl))).Value;

    public CaFiles FilesOf(IPublishesStatus issuer) => _cas.GetValue(issuer, issuer => new CaFiles(issuer, certificatesOnly));
}

/// <summary>The two ways in which <see cref="OcspResponder"/> is asked, and who counts what did not reach it.</summary>
internal sealed record OcspAnswers(
    Func<IPublishesStatus, ReadOnlyMemory<byte>, CancellationToken, Task<OcspReply>> ToRequest,
    Func<IPublishesStatus, string, CancellationToken, Task<OcspReply>> ToSerialNumber,
    Action<IPublishesStatus> Limited)
{
    public static OcspAnswers Of(OcspResponder responder, OcspMetrics metrics) =>
        new(responder.AnswerAsync, responder.AnswerAsync, metrics.Limited);
}

/// <param name="Url">What the URLs in certificates begin with that no setting names; null: they have none.</param>
internal sealed record PublicationBase(string? Url);
