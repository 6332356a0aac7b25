using System.Security.Cryptography;
using Certctl.Api.Configuration.Scep;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Hosting.Startup;

/// <summary>What an operator must know who lets old devices in, and whether this machine can serve them.</summary>
internal static class LegacyCheck
{
    /// <param name="profile">Of the policy <c>legacy</c>.</param>
    /// <param name="ra">The pair that would sign.</param>
    public static PreflightCheck Run(ScepProfileOptions profile, KeyPair ra)
    {
        var path = profile.PathId.Length == 0 ? "<root>" : $"\"{profile.PathId}\"";
        return new PreflightCheck(
            $"SCEP profile {path}, crypto policy",
            CanSignWithMd5(ra) ? [] : ["this machine's OpenSSL refuses MD5 signatures, which the policy legacy promises; "
                + "change its configuration, or set CRYPTO_POLICY to compatible"],
            [
                "CRYPTO_POLICY is legacy: single DES and MD5 are accepted from all who know this path. "
                    + "Who records such a request can compute its challengePassword. "
                + "Give the profile a challenge and an RA of its own, and set it back to compatible when the last old device is gone",
            ]);
    }

    // Some distributions forbid it by policy; a reply that cannot be signed must not be found out by a device.
    private static bool CanSignWithMd5(KeyPair ra)
    {
        // A key of another kind is a problem of its own, and told.
        if (ra.Key is not RSA rsa)
            return true;
        try
        {
            var signature = rsa.SignData("legacy"u8, HashAlgorithmName.MD5, RSASignaturePadding.Pkcs1);
            return rsa.VerifyData("legacy"u8, signature, HashAlgorithmName.MD5, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            // The platform's way to say no.
            return false;
        }
    }
}
