using System.Security.Cryptography;
using System.Text;

namespace Certctl.Application.Enrolment;

/// <summary>
/// The same request is the same octets signed with the same key to the same CA on the same path. Not the transactionID: clients use one for many requests (ADR 7).
/// </summary>
public static class RequestKey
{
    /// <summary>32 octets.</summary>
    public static byte[] Of(EnrolmentContext context, ReadOnlySpan<byte> csrSha256, ReadOnlySpan<byte> signerKeySha256)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(context.Profile.PathId));
        hash.AppendData([0]);
        hash.AppendData(csrSha256);
        hash.AppendData(signerKeySha256);

        // RFC 8894 §5.1: the next CA is asked for a certificate of its own.
        if (context.Issuer != context.Profile.Issuer)
            hash.AppendData(context.Issuer.Chain[0].Span);
        return hash.GetHashAndReset();
    }
}
