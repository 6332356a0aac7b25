using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Hosting.Startup;

internal static partial class Preflight
{
    /// <summary>What the RA pairs of a profile must be together; each by itself has been looked at.</summary>
    /// <param name="pairs">Those that can be used.</param>
    private static void CheckTogether(string name, List<KeyPair> pairs, CaCertificateShape shape, KeyPair? ca, List<PreflightCheck> checks)
    {
        // That there is none has been reported already.
        if (pairs.Count == 0)
            return;
        var problems = new List<string>();
        if (!pairs.Any(pair => RaPairCheck.MaySign(pair.Certificate)))
            problems.Add(
                "no RA certificate has digitalSignature in its keyUsage, so no reply could be signed; put a signing pair beside it");
        if (!pairs.Any(pair => RaPairCheck.MayDecrypt(pair.Certificate)))
            problems.Add("no RA certificate has keyEncipherment in its keyUsage, so no request could be encrypted; "
                + "put an encryption pair beside it");

        // Devices encrypt to what they are shown, and verify with it.
        if (shape is CaCertificateShape.Chain or CaCertificateShape.Issuer && ca is not null
            && pairs.Any(pair => !pair.Certificate.RawData.AsSpan().SequenceEqual(ca.Certificate.RawData)))
        {
            problems.Add(
                "GETCACERT shows the CA and no RA, so the CA must be the RA: set RA_CERT_PATH and RA_KEY_PATH to the issuing CA's files, "
                + "whose keyUsage needs digitalSignature and keyEncipherment, or set GETCACERT to ra+issuer or ra+chain");
        }

        if (problems.Count > 0)
            checks.Add(new PreflightCheck(name, problems, []));
    }
}
