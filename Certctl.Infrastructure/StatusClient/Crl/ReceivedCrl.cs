using System.Formats.Asn1;
using System.Numerics;

namespace Certctl.Infrastructure.StatusClient.Crl;

/// <summary>
/// A CRL as a relying party reads it (RFC 5280 §5): its fields, and its entries one at a time, straight from the octets. Nothing is
/// verified. What cannot be read is a <see cref="StatusClientException"/>.
/// </summary>
public sealed class ReceivedCrl
{
    private const string PemLabel = "X509 CRL";
    private const string AuthorityKeyOid = "2.5.29.35";
    private const string NumberOid = "2.5.29.20";
    private const string DeltaOid = "2.5.29.27";
    private const string ScopeOid = "2.5.29.28";
    private const string FreshestOid = "2.5.29.46";

    private readonly AsnFields _entries;

    private ReceivedCrl(AsnFields list, ref AsnFields file)
    {
        HasVersion = list.NextIs(UniversalTagNumber.Integer);
        if (HasVersion && list.SmallNumber("version", UniversalTagNumber.Integer) != 1)
            throw StatusClientException.Unusable("version cannot be read: it is neither 1 nor 2.");
        InnerAlgorithm = SignatureScheme.Read(ref list, "tbsCertList.signature");
        Issuer = list.Encoded("issuer");
        new AsnFields(Issuer).Sequence("issuer");
        ThisUpdate = list.Time("thisUpdate", out var isGeneralized);
        HasLongDate = isGeneralized && ThisUpdate.Year < 2050;
        if (list.NextIs(UniversalTagNumber.UtcTime) || list.NextIs(UniversalTagNumber.GeneralizedTime))
        {
            NextUpdate = list.Time("nextUpdate", out isGeneralized);
            HasLongDate |= isGeneralized && NextUpdate.Value.Year < 2050;
        }

        HasEntryList = list.NextIs(UniversalTagNumber.Sequence);
        if (HasEntryList)
            _entries = list.Sequence("revokedCertificates");
        if (list.NextIs(AsnFields.Context(0)))
        {
            var extensions = list.Sequence("crlExtensions", AsnFields.Context(0));
            Extensions = StatusExtension.ReadAll(extensions.Sequence("crlExtensions"), "crlExtensions");
        }

        list.End("tbsCertList");
        OuterAlgorithm = SignatureScheme.Read(ref file, "signatureAlgorithm");
        Signature = file.Bits("signatureValue");
        file.End("CertificateList");
        Number = ReadNumber(NumberOid, "cRLNumber");
        BaseNumber = ReadNumber(DeltaOid, "deltaCRLIndicator");
        Scope = Extensions.Find(ScopeOid) is { } scope ? CrlScope.Read(scope) : null;
        if (Extensions.Find(FreshestOid) is { } freshest)
            FreshestUris = UriNames.OfDistributionPoints(freshest, "freshestCRL");
        if (Extensions.Find(AuthorityKeyOid) is { } key)
            AuthorityKeyId = ReadKeyId(key);
    }

    /// <summary>Whether it says that it is version 2; version 1 is not said.</summary>
    public bool HasVersion { get; }

    /// <summary>What is signed.</summary>
    public ReadOnlyMemory<byte> Signed { get; private init; }

    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Of tbsCertList.</summary>
    public SignatureScheme InnerAlgorithm { get; }

    public SignatureScheme OuterAlgorithm { get; }

    /// <summary>The Name as DER.</summary>
    public ReadOnlyMemory<byte> Issuer { get; }

    public string IssuerName => NameText.Of(Issuer);

    public DateTimeOffset ThisUpdate { get; }

    public DateTimeOffset? NextUpdate { get; }

    /// <summary>A date before 2050 is a GeneralizedTime, against RFC 5280 §5.1.2.4.</summary>
    public bool HasLongDate { get; }

    /// <summary>Whether revokedCertificates is there at all.</summary>
    public bool HasEntryList { get; }

    public IReadOnlyList<StatusExtension> Extensions { get; } = [];

    public BigInteger? Number { get; }

    /// <summary>Null: this is no delta CRL.</summary>
    public BigInteger? BaseNumber { get; }

    public CrlScope? Scope { get; }

    public IReadOnlyList<string> FreshestUris { get; } = [];

    /// <summary>keyIdentifier as lower-case hex.</summary>
    public string? AuthorityKeyId { get; }

    /// <summary>The entries, each read when it is asked for; what cannot be read is found then.</summary>
    public IEnumerable<CrlEntry> Entries
    {
        get
        {
            var rest = _entries;
            while (!rest.IsEmpty)
                yield return CrlEntry.Read(ref rest);
        }
    }

    /// <param name="octets">DER, or PEM with a block <c>X509 CRL</c>.</param>
    public static ReceivedCrl Read(ReadOnlyMemory<byte> octets)
    {
        var whole = new AsnFields(StatusFile.Der(octets, PemLabel)
            ?? throw StatusClientException.Unusable($"This is no CRL: neither DER nor PEM with \"-----BEGIN {PemLabel}-----\"."));
        var file = whole.Sequence("CertificateList");
        whole.End("CertificateList");
        var signed = file.Encoded("tbsCertList");
        var list = new AsnFields(signed).Sequence("tbsCertList");
        return new ReceivedCrl(list, ref file) { Signed = signed };
    }

    private BigInteger? ReadNumber(string oid, string what)
    {
        if (Extensions.Find(oid) is not { } value)
            return null;
        var octets = value.Integer(what);
        value.End(what);

        // RFC 5280 §5.2.3: at most 20 octets; far longer ones cost the square of their length to print.
        return octets.Length <= 64
            ? new BigInteger(octets.Span, isUnsigned: false, isBigEndian: true)
            : throw StatusClientException.Unusable($"{what} cannot be read: it has {octets.Length} octets.");
    }

    // RFC 5280 §4.2.1.1: [0] keyIdentifier, [1] and [2] the certificate of the CA by name and number.
    private static string? ReadKeyId(AsnFields extension)
    {
        var fields = extension.Sequence("authorityKeyIdentifier");
        extension.End("authorityKeyIdentifier");
        var tag = AsnFields.Context(0, isConstructed: false);
        return fields.NextIs(tag) ? NameText.Hex(fields.Octets("authorityKeyIdentifier", tag)) : null;
    }
}
