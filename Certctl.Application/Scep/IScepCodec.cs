using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Scep;

/// <summary>
/// Bytes to and from SCEP messages for one SCEP profile: the RA's keys stay behind this interface. Pure computation, thread-safe; throws
/// only on internal failure, never because of client input.
/// </summary>
public interface IScepCodec
{
    /// <summary>Says what kind of message came; verifies, decrypts and parses a request pkiMessage (RFC 8894 §3).</summary>
    /// <param name="passwords">What opens a request that is encrypted with a challenge; none unless said otherwise.</param>
    /// <param name="takesRawCsr">
    /// A PKCS#10 in the clear is read too (ADR 14). It is known by its structure alone, before and without any decryption.
    /// </param>
    ScepDecoding Decode(ReadOnlyMemory<byte> message, EnvelopePasswords passwords = default, bool takesRawCsr = false);

    /// <summary>
    /// Builds the signed CertRep that answers <paramref name="request"/> (RFC 8894 §3.3.2), in the request's own digest and cipher.
    /// </summary>
    byte[] EncodeCertRep(ScepRequestHead request, ScepReply reply);

    /// <summary>False while no RA certificate is valid: then nothing can be answered.</summary>
    bool CanAnswer { get; }

    /// <summary>The newest RA certificate that clients encrypt to, valid or not.</summary>
    RequestSigner RaCertificate { get; }

    /// <summary>Whether a certificate that GetCACert or GetNextCACert hands out now has this name as its subject.</summary>
    bool Shows(SubjectName name);

    /// <summary>The answer to GetCACert (RFC 8894 §4.2.1).</summary>
    ScepCaCertificates CaCertificates();

    /// <summary>
    /// The answer to GetNextCACert (RFC 8894 §4.7.1): a SignedData around a certificates-only one; null when no next CA is staged.
    /// </summary>
    byte[]? NextCaCertificates();

    /// <summary>A certs-only SignedData of DER certificates, in the order given.</summary>
    byte[] EncodeCertificates(IReadOnlyList<ReadOnlyMemory<byte>> certificates);
}

/// <summary>What <see cref="IScepCodec.Decode"/> made of the bytes.</summary>
public abstract record ScepDecoding
{
    private ScepDecoding()
    {
    }

    /// <summary>No pkiMessage whose transactionID and senderNonce could be read: HTTP 400, no CertRep can be built.</summary>
    public sealed record Unreadable(string Detail) : ScepDecoding;

    /// <summary>
    /// The outer message could be read; <paramref name="Content"/> may still be a refusal, which then is answered by a CertRep.
    /// </summary>
    public sealed record PkiMessage(ScepRequestHead Head, ScepContent Content) : ScepDecoding;

    /// <summary>A PKCS#10 in the clear: a <see cref="ScepContent.CertificationRequest"/> or a refusal.</summary>
    public sealed record RawCsr(ScepContent Content) : ScepDecoding;
}

/// <summary>The outside of a request: everything that the reply must mirror.</summary>
public sealed class ScepRequestHead
{
    public required TransactionId TransactionId { get; init; }

    /// <summary>
    /// The transactionID attribute's value as it came (tag, length, octets): echoed verbatim when it is a string type we echo.
    /// </summary>
    public required byte TransactionIdTag { get; init; }

    /// <summary>As sent, 0 to 64 octets; comes back as recipientNonce.</summary>
    public required ReadOnlyMemory<byte> SenderNonce { get; init; }

    /// <summary>Null when the attribute is missing or names no type of RFC 8894.</summary>
    public required MessageType? MessageType { get; init; }

    /// <summary>Null until the signature has been verified.</summary>
    public RequestSigner? Signer { get; init; }

    /// <summary>
    /// The challenge that opened the request of a signer that cannot decrypt, and that the reply is encrypted with; null:
    /// to the signer's key.
    /// </summary>
    public EnvelopePassword? ReplyPassword { get; init; }

    /// <summary>
    /// Ends <see cref="UnreadableContent"/>'s time after a key was derived from a challenge, which may take longer than all else.
    /// </summary>
    public Task Derived { get; init; } = Task.CompletedTask;

    /// <summary>True when it was encrypted to the RA of the next CA, which then answers.</summary>
    public bool ToNextCa { get; init; }

    /// <summary>Dotted OID of the message digest to answer with.</summary>
    public required string DigestOid { get; init; }

    /// <summary>Dotted OID of the content encryption to answer with.</summary>
    public required string CipherOid { get; init; }
}

/// <summary>The inside of a request.</summary>
public abstract record ScepContent
{
    private ScepContent()
    {
    }

    /// <summary>The codec itself had to refuse.</summary>
    public sealed record Refused(EnrolmentFailure Failure) : ScepContent;

    /// <summary>PKCSReq and RenewalReq: a PKCS#10 with a verified signature.</summary>
    public sealed record CertificationRequest(CertificateSigningRequest Csr) : ScepContent;

    /// <summary>
    /// GetCertInitial. Its names (RFC 8894 §3.3.3) are not read: the transactionID and the signer's key say which request is meant.
    /// </summary>
    public sealed record CertPoll : ScepContent;

    /// <summary>GetCert and GetCRL (RFC 8894 §3.3.4, §3.3.5).</summary>
    /// <param name="Named">Null: the content could not be read, and is answered like an unknown name (ADR 12).</param>
    public sealed record CertQuery(IssuerAndSerialNumber? Named) : ScepContent;
}

/// <summary>What a CertRep says.</summary>
public abstract record ScepReply
{
    private ScepReply()
    {
    }

    /// <param name="Certificate">The issued certificate as DER, encrypted to the request's signer.</param>
    public sealed record Success(ReadOnlyMemory<byte> Certificate) : ScepReply;

    /// <param name="Crl">As DER; encrypted like a certificate, and alone (RFC 8894 §3.4).</param>
    public sealed record CrlSuccess(ReadOnlyMemory<byte> Crl) : ScepReply;

    public sealed record Pending : ScepReply;

    public sealed record Failure(FailInfo FailInfo, string FailInfoText) : ScepReply;
}

/// <summary>The body of a GetCACert answer.</summary>
/// <param name="Body">DER: one certificate, or a certs-only SignedData.</param>
/// <param name="IsBag">True: <c>application/x-x509-ca-ra-cert</c>; false: <c>application/x-x509-ca-cert</c>.</param>
public sealed record ScepCaCertificates(ReadOnlyMemory<byte> Body, bool IsBag);
