namespace Certctl.Application.Publication.Ocsp;

/// <summary>What an OCSPRequest asks (RFC 6960 §4.1.1): who signed it, and who it says it is from, is not looked at.</summary>
/// <param name="Entries">At least one.</param>
/// <param name="Nonce">Value of the nonce extension, to be repeated as it is (RFC 9654 §2.1); null: there is none.</param>
public sealed record OcspRequest(IReadOnlyList<OcspCertId> Entries, ReadOnlyMemory<byte>? Nonce)
{
    /// <summary>The CertIDs one after the other: the same octets ask the same.</summary>
    public ReadOnlyMemory<byte> CertIds { get; } = Entries.Count == 1 ? Entries[0].Der : Join(Entries);

    private static byte[] Join(IReadOnlyList<OcspCertId> entries)
    {
        var joined = new byte[entries.Sum(entry => entry.Der.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            entry.Der.CopyTo(joined.AsMemory(at));
            at += entry.Der.Length;
        }

        return joined;
    }
}

/// <summary>One certificate that is asked about (RFC 6960 §4.1.1, CertID).</summary>
/// <param name="Der">The whole CertID: it is repeated as it came.</param>
/// <param name="HashAlgorithm">Content octets of its OBJECT IDENTIFIER.</param>
/// <param name="SerialNumber">40 lower-case hex digits; null where no certificate of ours can have it.</param>
public sealed record OcspCertId(
    ReadOnlyMemory<byte> Der,
    ReadOnlyMemory<byte> HashAlgorithm,
    ReadOnlyMemory<byte> IssuerNameHash,
    ReadOnlyMemory<byte> IssuerKeyHash,
    string? SerialNumber);
