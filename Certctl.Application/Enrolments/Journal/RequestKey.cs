using System.Security.Cryptography;
using System.Text;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Journal;

/// <summary>
/// The same request is the same octets, or what <see cref="EnrolmentContext.Identity"/> has for them, in the same kind of message, signed
/// by the same requester, to the same CA on the same path. Not the transactionID of SCEP: clients use one for many requests (ADR 7).
/// </summary>
public static class RequestKey
{
    /// <summary>32 octets.</summary>
    /// <param name="renews">The certificate of ours that is renewed, and signed the request; null for a first one.</param>
    public static byte[] Of(EnrolmentContext context, EnrolmentKind kind, CertificateSigningRequest csr, IssuedCertificate? renews) =>
        Of(context, kind, csr.Sha256.Span, context.Requester.PublicKey.Sha256.Span, csr.PublicKey.Sha256.Span, renews);

    /// <summary>That of a stored request, which a client asks for by a poll.</summary>
    public static byte[] Of(EnrolmentContext context, Enrolment stored, IssuedCertificate? renews) =>
        Of(context, stored.Kind, stored.CsrSha256, stored.SignerKeySha256, stored.PublicKeySha256, renews);

    /// <summary>
    /// Whether the signer shows a certificate that it has been given: that one is part of who asks. Clients make the throw-away certificate
    /// of a first enrolment anew for each try, so it does not count, and its key does. It is known by being self-issued, or by holding the
    /// key to be certified under no CA of this path.
    /// </summary>
    public static bool IsByGivenCertificate(EnrolmentContext context, ReadOnlySpan<byte> publicKeySha256)
    {
        var signer = context.Requester;
        return signer.HasCertificate && !signer.IsSelfIssued
            && (!signer.PublicKey.Sha256.Span.SequenceEqual(publicKeySha256)
                || context.Policy.Issuers.All.Any(issuer => issuer.Name.SameAs(signer.Issuer)));
    }

    /// <summary>
    /// The key of a request whose answer under <paramref name="key"/> is none any more: all processes come from one to the next alike.
    /// </summary>
    public static byte[] After(byte[] key, Guid answered) => SHA256.HashData([.. key, .. answered.ToByteArray()]);

    private static byte[] Of(
        EnrolmentContext context,
        EnrolmentKind kind,
        ReadOnlySpan<byte> csrSha256,
        ReadOnlySpan<byte> signerKeySha256,
        ReadOnlySpan<byte> publicKeySha256,
        IssuedCertificate? renews)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(context.Policy.PathId));
        hash.AppendData([0]);
        hash.AppendData(context.Identity is { } identity ? identity.Span : csrSha256);
        hash.AppendData(signerKeySha256);

        // RFC 8894 §5.1: the next CA is asked for a certificate of its own.
        if (context.Issuer != context.Policy.Issuer)
            hash.AppendData(context.Issuer.Chain[0].Span);

        // RSA signatures of PKCS #1 v1.5 are deterministic: a device that keeps its key sends one PKCS#10 for its first certificate and
        // for each renewal.
        if (kind.IsRenewal())
            hash.AppendData([(byte)kind]);
        if (renews is not null)
            hash.AppendData(renews.Sha256);
        else if (IsByGivenCertificate(context, publicKeySha256))
            hash.AppendData(SHA256.HashData(context.Requester.CertificateDer.Span));
        return hash.GetHashAndReset();
    }
}
