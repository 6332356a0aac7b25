using Certctl.Application.Enrolments;

namespace Certctl.Application.Scep;

/// <summary>What a profile of each policy lists in GetCACaps. With <see cref="CryptoPolicy.Modern"/> nothing else is taken.</summary>
public static class PolicyCapabilities
{
    /// <summary>The lines of GetCACaps (RFC 8894 §3.5.2) before a profile adds any; each of them works.</summary>
    public static IReadOnlyList<string> Capabilities(this CryptoPolicy policy) => policy switch
    {
        // SHA-384 is no keyword of the RFC. It is taken, and what this policy takes it lists;
        // strongSwan 5.9 believes in AES only beside it.
        CryptoPolicy.Modern =>
        [
            ScepCapability.PostPkiOperation, ScepCapability.Sha256, ScepCapability.Sha384, ScepCapability.Sha512, ScepCapability.Aes,
            ScepCapability.ScepStandard, ScepCapability.Renewal,
        ],
        CryptoPolicy.Compatible => ScepCapability.Default,

        // Compat: MikroTik takes 3DES with SHA-1 where both are listed, else single DES with MD5, which RFC 8894 §7.5 forbids to list.
        CryptoPolicy.Legacy => [.. ScepCapability.Default, ScepCapability.Des3, ScepCapability.Sha1],
        _ => throw new ArgumentOutOfRangeException(nameof(policy)),
    };

    /// <summary>Whether a profile of this policy may list the capability: it must work.</summary>
    public static bool MayList(this CryptoPolicy policy, string capability) =>
        capability is not (ScepCapability.Des3 or ScepCapability.Sha1) || policy >= CryptoPolicy.Compatible;
}
