using System.Formats.Asn1;
using System.Text;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>The URIs in distribution points and in authorityInfoAccess (RFC 5280 §4.2.1.13, §4.2.2.1).</summary>
internal static class UriNames
{
    public const string OcspMethod = "1.3.6.1.5.5.7.48.1";
    public const string IssuersMethod = "1.3.6.1.5.5.7.48.2";
    private const int MaxNames = 64;
    private static readonly Asn1Tag UriTag = AsnFields.Context(6, isConstructed: false);

    /// <summary>The URIs of fullName; empty where there are none.</summary>
    /// <param name="name">The content of distributionPoint [0].</param>
    public static IReadOnlyList<string> OfDistributionPoint(AsnFields name, string what)
    {
        if (!name.NextIs(AsnFields.Context(0)))
        {
            name.Sequence(what, AsnFields.Context(1));
            name.End(what);
            return [];
        }

        var names = name.Sequence(what, AsnFields.Context(0));
        name.End(what);
        var found = new List<string>();
        while (!names.IsEmpty)
            Add(found, ref names, what);
        return found;
    }

    /// <summary>CRLDistributionPoints, and FreshestCRL, which has the same form.</summary>
    public static IReadOnlyList<string> OfDistributionPoints(AsnFields extension, string what)
    {
        var points = extension.Sequence(what);
        extension.End(what);
        var found = new List<string>();
        while (!points.IsEmpty && found.Count < MaxNames)
        {
            var point = points.Sequence(what);
            if (point.NextIs(AsnFields.Context(0)))
                found.AddRange(OfDistributionPoint(point.Sequence(what, AsnFields.Context(0)), what));
        }

        return found;
    }

    /// <param name="method">OID of the accessMethod.</param>
    public static IReadOnlyList<string> OfAccess(AsnFields extension, string method, string what)
    {
        var descriptions = extension.Sequence(what);
        extension.End(what);
        var found = new List<string>();
        while (!descriptions.IsEmpty)
        {
            var description = descriptions.Sequence(what);
            if (description.Oid(what) == method)
                Add(found, ref description, what);
        }

        return found;
    }

    private static void Add(List<string> found, ref AsnFields names, string what)
    {
        if (names.NextIs(UriTag))
        {
            // RFC 5280 §4.2.1.6: IA5String.
            var text = Encoding.Latin1.GetString(names.Octets(what, UriTag).Span);
            if (found.Count < MaxNames)
                found.Add(ScepStageNames.Printable(text));
            return;
        }

        names.Encoded(what);
    }
}
