using System.Security.Cryptography;
using System.Text;

namespace Certctl.Application.Enrolment;

/// <summary>
/// The same request is the same octets signed with the same key on the same path. Not the transactionID: clients use one for many requests (ADR 7).
/// </summary>
public static class RequestKey
{
    /// <summary>32 octets.</summary>
    public static byte[] Of(string pathId, ReadOnlySpan<byte> csrSha256, ReadOnlySpan<byte> signerKeySha256)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(pathId));
        hash.AppendData([0]);
        hash.AppendData(csrSha256);
        hash.AppendData(signerKeySha256);
        return hash.GetHashAndReset();
    }
}
