using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// A key of the REST API that was made at run time: <c>certctl_</c>, 16 hex digits that name it, <c>_</c>, 64 hex digits that prove it. The
/// form is fixed so that scanners for leaked secrets can tell one.
/// </summary>
/// <param name="Id">Names the key in lists and in the trail; no secret.</param>
/// <param name="Whole">What its owner sends.</param>
internal sealed partial record ApiKeyToken(string Id, Secret Whole)
{
    private const int IdOctets = 8;
    private const int ProofOctets = 32;

    public static ApiKeyToken New()
    {
        var id = RandomNumberGenerator.GetHexString(2 * IdOctets, lowercase: true);
        return new ApiKeyToken(id, new Secret($"certctl_{id}_{RandomNumberGenerator.GetHexString(2 * ProofOctets, lowercase: true)}"));
    }

    /// <summary>Null: it has another form.</summary>
    public static ApiKeyToken? Parse(string presented) =>
        Form().Match(presented) is { Success: true } match ? new ApiKeyToken(match.Groups[1].Value, new Secret(presented)) : null;

    /// <summary>What is kept of it: 32 octets.</summary>
    public byte[] Sha256() => SHA256.HashData(Encoding.ASCII.GetBytes(Whole.Reveal()));

    [GeneratedRegex(@"^certctl_([0-9a-f]{16})_[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
