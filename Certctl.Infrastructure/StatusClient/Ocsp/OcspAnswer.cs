using System.Formats.Asn1;

namespace Certctl.Infrastructure.StatusClient.Ocsp;

/// <summary>What a responder says of a certificate.</summary>
public enum OcspStatus
{
    Good,
    Revoked,
    Unknown,
}

/// <summary>SingleResponse (RFC 6960 §4.2.1).</summary>
/// <param name="Reason">As in a CRL; null: none is given.</param>
public sealed record OcspStanding(
    CertificateId Id,
    OcspStatus Status,
    DateTimeOffset? RevokedAt,
    int? Reason,
    DateTimeOffset ThisUpdate,
    DateTimeOffset? NextUpdate,
    IReadOnlyList<StatusExtension> Extensions);

/// <summary>
/// BasicOCSPResponse as a relying party reads it (RFC 6960 §4.2.1). Nothing is verified. What cannot be read, and an answer that is an
/// error, is a <see cref="StatusClientException"/>.
/// </summary>
public sealed class OcspAnswer
{
    // RFC 6960 §4.2.1: OCSPResponseStatus.
    private static readonly Dictionary<int, string> Errors = new()
    {
        [1] = "malformedRequest: it could not read the request",
        [2] = "internalError: it is out of order",
        [3] = "tryLater: ask again later",
        [5] = "sigRequired: it answers signed requests only",
        [6] = "unauthorized: it does not answer for this CA, or not to this client",
    };

    private const string BasicOid = "1.3.6.1.5.5.7.48.1.1";
    private const int MaxStandings = 256;
    private const int MaxCertificates = 16;

    private OcspAnswer(AsnFields data, ref AsnFields basic)
    {
        if (data.NextIs(AsnFields.Context(0)))
        {
            var version = data.Sequence("version", AsnFields.Context(0));
            if (version.SmallNumber("version", UniversalTagNumber.Integer) != 0)
                throw StatusClientException.Unusable("version cannot be read: it is not 1.");
        }

        if (data.NextIs(AsnFields.Context(1)))
        {
            var name = data.Sequence("responderID", AsnFields.Context(1));
            ResponderName = name.Encoded("responderID.byName");
            name.End("responderID");
        }
        else
        {
            var key = data.Sequence("responderID", AsnFields.Context(2));
            ResponderKeyHash = key.Octets("responderID.byKey");
            key.End("responderID");
        }

        ProducedAt = data.GeneralizedTime("producedAt");
        Standings = ReadStandings(data.Sequence("responses"));
        Extensions = ReadExtensions(ref data, "responseExtensions");
        data.End("tbsResponseData");
        Algorithm = SignatureScheme.Read(ref basic, "signatureAlgorithm");
        Signature = basic.Bits("signature");
        if (basic.NextIs(AsnFields.Context(0)))
            Certificates = ReadCertificates(basic.Sequence("certs", AsnFields.Context(0)));
        basic.End("BasicOCSPResponse");
    }

    public ReadOnlyMemory<byte> Signed { get; private init; }

    public SignatureScheme Algorithm { get; }

    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The Name as DER; null where the responder is named by its key.</summary>
    public ReadOnlyMemory<byte>? ResponderName { get; }

    /// <summary>SHA-1 of the responder's key; null where it is named by its name.</summary>
    public ReadOnlyMemory<byte>? ResponderKeyHash { get; }

    public DateTimeOffset ProducedAt { get; }

    public IReadOnlyList<OcspStanding> Standings { get; }

    public IReadOnlyList<StatusExtension> Extensions { get; }

    /// <summary>Each as DER, not read yet.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; } = [];

    /// <param name="der">OCSPResponse.</param>
    public static OcspAnswer Read(ReadOnlyMemory<byte> der)
    {
        var whole = new AsnFields(der);
        var response = whole.Sequence("OCSPResponse");
        whole.End("OCSPResponse");
        if (response.SmallNumber("responseStatus", UniversalTagNumber.Enumerated) is not 0 and var status)
            throw StatusClientException.Unusable($"The responder answered with the error {ErrorText(status)}.");
        var explicitBytes = response.Sequence("responseBytes", AsnFields.Context(0));
        response.End("OCSPResponse");
        var bytes = explicitBytes.Sequence("responseBytes");
        explicitBytes.End("responseBytes");
        if (bytes.Oid("responseType") is not BasicOid and var type)
            throw StatusClientException.Unusable($"responseType is {type} and not id-pkix-ocsp-basic.");
        var octets = new AsnFields(bytes.Octets("response"));
        bytes.End("responseBytes");
        var basic = octets.Sequence("BasicOCSPResponse");
        octets.End("BasicOCSPResponse");
        var signed = basic.Encoded("tbsResponseData");
        var data = new AsnFields(signed).Sequence("tbsResponseData");
        return new OcspAnswer(data, ref basic) { Signed = signed };
    }

    private static string ErrorText(int? status) =>
        status is { } code && Errors.TryGetValue(code, out var text) ? text : $"{status?.ToString() ?? "of a number that is none"}";

    private static List<OcspStanding> ReadStandings(AsnFields sequence)
    {
        var all = new List<OcspStanding>();
        while (!sequence.IsEmpty)
        {
            if (all.Count == MaxStandings)
                throw StatusClientException.Unusable($"responses cannot be read: there are more than {MaxStandings}.");
            all.Add(ReadStanding(sequence.Sequence("responses")));
        }

        return all;
    }

    private static OcspStanding ReadStanding(AsnFields fields)
    {
        var id = CertificateId.Read(ref fields, "certID");
        var (status, at, reason) = ReadStatus(ref fields);
        var thisUpdate = fields.GeneralizedTime("thisUpdate");
        DateTimeOffset? nextUpdate = null;
        if (fields.NextIs(AsnFields.Context(0)))
        {
            var next = fields.Sequence("nextUpdate", AsnFields.Context(0));
            nextUpdate = next.GeneralizedTime("nextUpdate");
            next.End("nextUpdate");
        }

        var extensions = ReadExtensions(ref fields, "singleExtensions");
        fields.End("responses");
        return new OcspStanding(id, status, at, reason, thisUpdate, nextUpdate, extensions);
    }

    private static (OcspStatus Status, DateTimeOffset? At, int? Reason) ReadStatus(ref AsnFields fields)
    {
        foreach (var (status, number) in new[] { (OcspStatus.Good, 0), (OcspStatus.Unknown, 2) })
        {
            var tag = AsnFields.Context(number, isConstructed: false);
            if (!fields.NextIs(tag))
                continue;
            fields.Null("certStatus", tag);
            return (status, null, null);
        }

        var revoked = fields.Sequence("certStatus", AsnFields.Context(1));
        var at = revoked.GeneralizedTime("revocationTime");
        int? reason = null;
        if (revoked.NextIs(AsnFields.Context(0)))
        {
            var given = revoked.Sequence("revocationReason", AsnFields.Context(0));
            reason = given.SmallNumber("revocationReason", UniversalTagNumber.Enumerated)
                ?? throw StatusClientException.Unusable("revocationReason cannot be read: it is no reason.");
        }

        revoked.End("certStatus");
        return (OcspStatus.Revoked, at, reason);
    }

    private static IReadOnlyList<StatusExtension> ReadExtensions(ref AsnFields fields, string what)
    {
        if (!fields.NextIs(AsnFields.Context(1)))
            return [];
        var extensions = fields.Sequence(what, AsnFields.Context(1));
        return StatusExtension.ReadAll(extensions.Sequence(what), what);
    }

    private static List<ReadOnlyMemory<byte>> ReadCertificates(AsnFields outer)
    {
        var sequence = outer.Sequence("certs");
        outer.End("certs");
        var all = new List<ReadOnlyMemory<byte>>();
        while (!sequence.IsEmpty)
        {
            if (all.Count == MaxCertificates)
                throw StatusClientException.Unusable($"certs cannot be read: there are more than {MaxCertificates}.");
            all.Add(sequence.Encoded("certs"));
        }

        return all;
    }
}
