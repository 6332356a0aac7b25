using System.Formats.Asn1;

namespace Certctl.Infrastructure.StatusClient.Crl;

/// <summary>One entry of revokedCertificates (RFC 5280 §5.1.2.6, §5.3). A list may have millions: entries are read one at a time.</summary>
/// <param name="SerialNumber">The content octets of its INTEGER.</param>
/// <param name="Reason">The code of RFC 5280 §5.3.1; null: none is given, which is unspecified.</param>
/// <param name="UnknownCritical">OID of a critical extension that this client does not process; null: there is none.</param>
/// <param name="IsIndirect">It names another issuer (RFC 5280 §5.3.3).</param>
public readonly record struct CrlEntry(
    ReadOnlyMemory<byte> SerialNumber,
    DateTimeOffset RevokedAt,
    int? Reason,
    DateTimeOffset? InvalidFrom,
    string? UnknownCritical,
    bool IsIndirect,
    bool HasExtensions)
{
    private const string What = "revokedCertificates";

    // The OBJECT IDENTIFIERs of RFC 5280 §5.3 as DER: comparing octets makes no text of each of a million.
    private static readonly byte[] ReasonCode = [0x06, 0x03, 0x55, 0x1D, 0x15];
    private static readonly byte[] InvalidityDate = [0x06, 0x03, 0x55, 0x1D, 0x18];
    private static readonly byte[] CertificateIssuer = [0x06, 0x03, 0x55, 0x1D, 0x1D];

    /// <summary>As openssl prints it, in lower case.</summary>
    public string SerialText => NameText.Number(SerialNumber.Span);

    public string ReasonWord => Word(Reason);

    /// <summary>RFC 5280 §5.3.1.</summary>
    public static string Word(int? reason) => reason switch
    {
        null or 0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => $"reason {reason}",
    };

    internal static CrlEntry Read(ref AsnFields entries)
    {
        var fields = entries.Sequence(What);
        var entry = new CrlEntry(
            fields.Integer($"{What}.userCertificate"), fields.Time($"{What}.revocationDate", out _), null, null, null, false,
            HasExtensions: false);
        if (!fields.IsEmpty)
            entry = WithExtensions(entry with { HasExtensions = true }, fields.Sequence($"{What}.crlEntryExtensions"));
        fields.End(What);
        return entry;
    }

    private static CrlEntry WithExtensions(CrlEntry entry, AsnFields extensions)
    {
        while (!extensions.IsEmpty)
        {
            var fields = extensions.Sequence($"{What}.crlEntryExtensions");
            var oid = fields.Encoded($"{What}.extnID");
            var isCritical = fields.NextIs(UniversalTagNumber.Boolean) && fields.Boolean($"{What}.critical");
            var value = new AsnFields(fields.Octets($"{What}.extnValue"));
            fields.End($"{What}.crlEntryExtensions");
            if (oid.Span.SequenceEqual(ReasonCode))
                entry = entry with { Reason = value.SmallNumber("reasonCode", UniversalTagNumber.Enumerated) ?? throw NoReason() };
            else if (oid.Span.SequenceEqual(InvalidityDate))
                entry = entry with { InvalidFrom = value.GeneralizedTime("invalidityDate") };
            else if (oid.Span.SequenceEqual(CertificateIssuer))
                entry = entry with { IsIndirect = true };
            else if (isCritical)
                entry = entry with { UnknownCritical = new AsnFields(oid).Oid($"{What}.extnID") };
        }

        return entry;
    }

    private static StatusClientException NoReason() => StatusClientException.Unusable("reasonCode cannot be read: it is no reason.");
}
