namespace Certctl.Domain.Certificates;

/// <summary>A CRL that a CA of ours has signed.</summary>
/// <param name="Number">Its cRLNumber.</param>
/// <param name="Der">CertificateList (RFC 5280 §5.1).</param>
public sealed record SignedCrl(long Number, ReadOnlyMemory<byte> Der);
