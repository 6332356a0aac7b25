using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>What GetNextCACert answered (RFC 8894 §4.7.1).</summary>
internal static class NextCaCertificates
{
    /// <summary>The certificates in the server's order, vouched for by one that may sign replies today.</summary>
    public static IReadOnlyList<X509Certificate2> Parse(ScepAnswer answer, CaTrust trust)
    {
        if (answer.ContentType != "application/x-x509-next-ca-cert")
            throw Wrong($"the Content-Type is \"{ScepStageNames.Printable(answer.ContentType)}\", not application/x-x509-next-ca-cert");
        try
        {
            var signed = new SignedCms();
            signed.Decode(answer.Body);
            if (signed.SignerInfos.Count != 1 || signed.SignerInfos[0].Certificate is not { } signer || !trust.Verifiers.Any(signer.SameAs))
                throw Wrong("its signer may not sign replies of this server");
            signed.CheckSignature(verifySignatureOnly: true);
            var bag = new SignedCms();
            bag.Decode(signed.ContentInfo.Content);
            return [.. bag.Certificates.Select(certificate => certificate.ReadWhole())];
        }
        catch (CryptographicException trouble)
        {
            throw Wrong("it is no SignedData around a bag of certificates, or its signature is wrong", trouble);
        }
    }

    private static ScepClientException Wrong(string what, Exception? inner = null) =>
        new(ScepStage.GetNextCaCert, ScepClientFault.Untrusted,
            $"the next CA's certificates cannot be used: {what}.", "It has to be put right at the server.", inner);
}
