namespace Certctl.Api.Rest.OpenApi;

/// <summary>Media types of what is downloaded.</summary>
internal static class MediaTypes
{
    /// <summary>RFC 2585 §4.1: a certificate as DER.</summary>
    public const string Certificate = "application/pkix-cert";

    public const string Pem = "application/x-pem-file";

    /// <summary>RFC 8555 §9.1.</summary>
    public const string PemChain = "application/pem-certificate-chain";
}
