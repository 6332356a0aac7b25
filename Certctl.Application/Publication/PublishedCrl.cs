namespace Certctl.Application.Publication;

/// <summary>A CRL as relying parties get it.</summary>
/// <param name="Number">cRLNumber (RFC 5280 §5.2.3): greater in every later list of the same CA.</param>
/// <param name="Entries">How many certificates it lists.</param>
/// <param name="Der">CertificateList (RFC 5280 §5.1).</param>
public sealed record PublishedCrl(long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Entries, byte[] Der)
{
    /// <summary>Of a delta CRL: the complete list that it goes by.</summary>
    public CrlBase? Base { get; init; }

    /// <summary>
    /// Name of the CA, where it is retired and this list its last one: all its certificates have ended. Known when it is made.
    /// </summary>
    public string? LastOf { get; init; }
}
