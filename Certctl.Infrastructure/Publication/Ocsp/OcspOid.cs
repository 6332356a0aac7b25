namespace Certctl.Infrastructure.Publication.Ocsp;

/// <summary>OBJECT IDENTIFIERs of OCSP (RFC 6960 §4, appendix B.2).</summary>
internal static class OcspOid
{
    public const string Basic = "1.3.6.1.5.5.7.48.1.1";
    public const string Nonce = "1.3.6.1.5.5.7.48.1.2";
    public const string Response = "1.3.6.1.5.5.7.48.1.4";
    public const string NoCheck = "1.3.6.1.5.5.7.48.1.5";
    public const string ArchiveCutoff = "1.3.6.1.5.5.7.48.1.6";

    /// <summary>RFC 5280 §5.3.2: an extension of CRL entries.</summary>
    public const string InvalidityDate = "2.5.29.24";
    public const string OcspSigning = "1.3.6.1.5.5.7.3.9";
}
