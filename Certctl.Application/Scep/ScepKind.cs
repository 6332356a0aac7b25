namespace Certctl.Application.Scep;

/// <summary>The one name of each kind of message in log, metrics and traces: that of the REST API.</summary>
public static class ScepKind
{
    public const string RawCsr = "raw_csr";
    public const string Unknown = "unknown";

    /// <summary>The name of a messageType; <c>unknown</c> for one that RFC 8894 does not have.</summary>
    public static string Of(MessageType? type) => type switch
    {
        MessageType.CertRep => "cert_rep",
        MessageType.RenewalReq => "renewal_req",
        MessageType.PkcsReq => "pkcs_req",
        MessageType.GetCertInitial => "get_cert_initial",
        MessageType.GetCert => "get_cert",
        MessageType.GetCrl => "get_crl",
        _ => Unknown,
    };
}
