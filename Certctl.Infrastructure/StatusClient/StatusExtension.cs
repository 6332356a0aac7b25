using System.Formats.Asn1;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>One extension of a CRL, an entry or an OCSP answer.</summary>
/// <param name="Value">The content of its OCTET STRING.</param>
public sealed record StatusExtension(string Oid, bool IsCritical, ReadOnlyMemory<byte> Value)
{
    private const int MaxExtensions = 64;

    /// <summary>Extensions as they stand in a SEQUENCE; at most 64, since a list of them is kept.</summary>
    internal static IReadOnlyList<StatusExtension> ReadAll(AsnFields sequence, string what)
    {
        var all = new List<StatusExtension>();
        while (!sequence.IsEmpty)
        {
            if (all.Count == MaxExtensions)
                throw StatusClientException.Unusable($"{what} cannot be read: there are more than {MaxExtensions}.");
            all.Add(Read(ref sequence, what));
        }

        return all;
    }

    private static StatusExtension Read(ref AsnFields sequence, string what)
    {
        var fields = sequence.Sequence(what);
        var oid = fields.Oid($"{what}.extnID");
        var isCritical = fields.NextIs(UniversalTagNumber.Boolean) && fields.Boolean($"{what}.critical");
        var value = fields.Octets($"{what}.extnValue");
        fields.End(what);
        return new StatusExtension(oid, isCritical, value);
    }
}

internal static class StatusExtensions
{
    public static AsnFields? Find(this IReadOnlyList<StatusExtension> extensions, string oid) =>
        extensions.FirstOrDefault(extension => extension.Oid == oid) is { } found ? new AsnFields(found.Value) : null;

    /// <summary>A sentence for each that is there twice, and for each critical one that this client does not process.</summary>
    public static IEnumerable<string> Problems(
        this IReadOnlyList<StatusExtension> extensions, string of, IReadOnlyList<string> processed) =>
        extensions.GroupBy(extension => extension.Oid).Where(group => group.Count() > 1)
            .Select(group => $"{of} has the extension {group.Key} {group.Count()} times.")
            .Concat(extensions.Where(extension => extension.IsCritical && !processed.Contains(extension.Oid))
                .Select(extension => $"{of} has the critical extension {extension.Oid}, which this program does not process."));
}
