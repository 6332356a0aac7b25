using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// A known answer for the fast import: a published throw-away key and its signature over "Certctl", made with the openssl command.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class RsaSelfTest
{
    private const string Modulus =
        "D6A09BBB5F2642409BA8E9F5B660169EAAE8007EC29BDE5BEA537631C8AFA33A756CB7FC85E299FD364FC32BA681D82E3D2A5703FAE2DD3476098083FA727475"
        + "6DC09D11BE3019481EB1D8A514BD75C7982BD10E58E4352A61BBD50C0B476B09"
        + "9C0D03C82A70A514E1EFDC28CB6A2A164C349C9D84DFE91F1743985DC243F021";

    private const string Signature =
        "7CA07D39F9E57DC051821596ABD04EB2C19F216CD30670C90076E4FB4584D630E8E1F43C6CEEEAD0C1DEC2BD2E24A7492B4AFAAA8A3666AD5D0B397C429115DF"
        + "F3CEBFE973A469A914EE8F1D041F1ABFDEC6CDD237EFF9B2AB0511CFFC038447"
        + "94F783411F38E438E3EE9FC4C76BA2D4556EB3E102CF40F5A64B84513C4A91E3";

    /// <summary>The right signature verifies, a wrong one does not, and the numbers come out as they went in.</summary>
    public static bool Passes(LibCrypto library)
    {
        var modulus = Convert.FromHexString(Modulus);
        byte[] exponent = [0x01, 0x00, 0x01];
        try
        {
            using var handle = library.ImportRsa(modulus, exponent);
            if (handle is null)
                return false;
            using var rsa = new RSAOpenSsl(handle);
            var back = rsa.ExportParameters(includePrivateParameters: false);
            var signature = Convert.FromHexString(Signature);
            var isRight = rsa.VerifyData("Certctl"u8, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            signature[^1] ^= 1;
            var isWrong = !rsa.VerifyData("Certctl"u8, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return isRight && isWrong && modulus.AsSpan().SequenceEqual(back.Modulus) && exponent.AsSpan().SequenceEqual(back.Exponent);
        }
        catch (CryptographicException)
        {
            // The platform does not work with such a handle: then the slow way it is.
            return false;
        }
    }
}
