namespace Certctl.Infrastructure.StatusClient.Crl;

/// <summary>issuingDistributionPoint (RFC 5280 §5.2.5): which certificates the list is about.</summary>
/// <param name="Uris">Of fullName.</param>
public sealed record CrlScope(
    IReadOnlyList<string> Uris,
    bool HasDistributionPoint,
    bool OnlyUserCertificates,
    bool OnlyCaCertificates,
    bool OnlySomeReasons,
    bool IsIndirect,
    bool OnlyAttributeCertificates)
{
    private const string What = "issuingDistributionPoint";

    public bool SaysNothing => !HasDistributionPoint && !OnlySomeReasons && !IsIndirect && OnlyKinds == 0;

    /// <summary>How many of the three onlyContains… are set; more than one excludes everything.</summary>
    public int OnlyKinds => new[] { OnlyUserCertificates, OnlyCaCertificates, OnlyAttributeCertificates }.Count(only => only);

    internal static CrlScope Read(AsnFields extension)
    {
        var fields = extension.Sequence(What);
        extension.End(What);
        IReadOnlyList<string> uris = [];
        var hasPoint = fields.NextIs(AsnFields.Context(0));
        if (hasPoint)
            uris = UriNames.OfDistributionPoint(fields.Sequence(What, AsnFields.Context(0)), What);
        var (users, authorities) = (Flag(ref fields, 1), Flag(ref fields, 2));
        var someReasons = fields.NextIs(AsnFields.Context(3));
        if (someReasons)
            fields.Encoded(What);
        var scope = new CrlScope(uris, hasPoint, users, authorities, someReasons, Flag(ref fields, 4), Flag(ref fields, 5));
        fields.End(What);
        return scope;
    }

    private static bool Flag(ref AsnFields fields, int number)
    {
        var tag = AsnFields.Context(number, isConstructed: false);
        return fields.NextIs(tag) && fields.Boolean(What, tag);
    }
}
