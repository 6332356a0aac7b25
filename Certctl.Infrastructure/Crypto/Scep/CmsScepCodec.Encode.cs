using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Cms.Recipients;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Infrastructure.Crypto.Scep;

public sealed partial class CmsScepCodec
{
    private const int NonceLength = 16;

    public byte[] EncodeCertRep(ScepRequestHead request, ScepReply reply)
    {
        var pair = (request.ToNextCa ? next!.Keys : keys).SigningPair(clock.GetUtcNow());
        var digest = MessageDigest.Find(request.DigestOid) ?? MessageDigest.Sha256;

        // RFC 8894 §3.3.2.2 leaves the pkcsPKIEnvelope out of FAILURE and PENDING. Compat: certmonger, scepclient and PyScep fail when
        // eContent is absent and no known client fails when it is present with zero octets, over which the digest is the same.
        using var envelope = new DerWriter(2048);
        if (reply is ScepReply.Success success)
            WriteEnvelope(envelope, request, success.Certificate);
        else if (reply is ScepReply.CrlSuccess published)
            WriteCrlEnvelope(envelope, request, published.Crl);
        using var attributes = new DerWriter(512);
        WriteSignedAttributes(attributes, request, reply, digest, envelope.Written);
        using var message = new DerWriter(envelope.Length + attributes.Length + pair.Certificate.CertificateDer.Length + 1024);
        SignedDataWriter.WriteSigned(
            message,
            digest,
            envelope.Written,
            pair.Certificate.CertificateDer.Span,
            pair.IssuerAndSerialNumber,
            attributes.Written,
            Sign(pair, digest, attributes.Written));
        return message.ToArray();
    }

    // RFC 8894 §3.3.2.1, §3.4: a degenerate SignedData, encrypted to the key that signed the request (§2.3).
    private void WriteEnvelope(DerWriter envelope, ScepRequestHead request, ReadOnlyMemory<byte> certificate)
    {
        using var content = new DerWriter(certificate.Length + 128);
        SignedDataWriter.WriteCertificatesOnly(content, [certificate, .. IssuersOf(certificate)]);
        Enclose(envelope, request, content.Written);
    }

    // RFC 8894 §3.3.2.1, §4.6.1: the CRL alone, without certificates.
    private static void WriteCrlEnvelope(DerWriter envelope, ScepRequestHead request, ReadOnlyMemory<byte> crl)
    {
        using var content = new DerWriter(crl.Length + 128);
        SignedDataWriter.WriteCrlOnly(content, crl);
        Enclose(envelope, request, content.Written);
    }

    private static void Enclose(DerWriter envelope, ScepRequestHead request, ReadOnlySpan<byte> content)
    {
        var signer = request.Signer
            ?? throw new InvalidOperationException("A certificate can only be sent to a signer whose signature was verified.");
        var cipher = ContentCipher.Find(request.CipherOid) ?? ContentCipher.Aes128;
        if (request.ReplyPassword is { } password)
            EnvelopedDataWriter.Write(envelope, new PasswordRecipient(password), cipher, content);
        else if (signer.PublicKey.Algorithm == KeyAlgorithm.Ecdsa)
            EncloseByAgreement(envelope, signer, cipher, content);
        else
            EncloseByTransport(envelope, signer, cipher, content);
    }

    private static void EncloseByTransport(DerWriter envelope, RequestSigner signer, ContentCipher cipher, ReadOnlySpan<byte> content)
    {
        using var key = RsaPublicKeys.Import(signer.PublicKey) ?? throw CannotEncrypt();
        EnvelopedDataWriter.Write(envelope, new RsaRecipient(signer, key), cipher, content);
    }

    // RFC 8894 §3.1 knows passwords alone for such a key; key agreement needs no secret that can be guessed (ADR 29).
    private static void EncloseByAgreement(DerWriter envelope, RequestSigner signer, ContentCipher cipher, ReadOnlySpan<byte> content)
    {
        using var key = EcPublicKeys.ImportForAgreement(signer.PublicKey) ?? throw CannotEncrypt();
        EnvelopedDataWriter.Write(
            envelope, new EcRecipient(signer, key.PublicKey, EcPublicKeys.CurveOf(signer.PublicKey.CurveOid)!.Value), cipher, content);
    }

    private static InvalidOperationException CannotEncrypt() => new("The signer's key verifies but cannot encrypt.");

    // RFC 8894 §3.3.2.1: the issued certificate may be followed by those above it;
    // by none where they are not known, as of a CA that was here before.
    private IEnumerable<ReadOnlyMemory<byte>> IssuersOf(ReadOnlyMemory<byte> certificate)
    {
        if (replyChain == ReplyChain.Leaf)
            return [];
        var chains = new[] { keys.CaChain, next?.Keys.CaChain ?? [] };
        var chain = Array.Find(chains, chain => chain.Count > 0 && Issued(chain[0], certificate)) ?? [];
        return replyChain == ReplyChain.LeafAndIssuer ? chain.Take(1) : chain;
    }

    // By the signature: a CA that follows may bear the name of the one before.
    private static bool Issued(ReadOnlyMemory<byte> ca, ReadOnlyMemory<byte> certificate)
    {
        using var issuer = X509CertificateLoader.LoadCertificate(ca.Span);
        using var issued = X509CertificateLoader.LoadCertificate(certificate.Span);
        return CaCheck.Issued(issuer, issued);
    }

    // RFC 8894 §3.2.1. No signingTime: nothing reads it, and a clock that differs makes some clients refuse.
    private static void WriteSignedAttributes(
        DerWriter writer, ScepRequestHead request, ScepReply reply, MessageDigest digest, ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[MessageDigest.MaxLength];
        hash = hash[..digest.Compute(content, hash)];
        Span<byte> nonce = stackalloc byte[NonceLength];
        RandomNumberGenerator.Fill(nonce);
        using var unsorted = new DerWriter(512);
        var ends = new List<int>(9);
        Add(CmsOid.ContentType, CmsOid.Data);
        AddValue(CmsOid.MessageDigest, DerTag.OctetString, hash);
        AddValue(ScepOid.MessageType, DerTag.PrintableString, "3"u8);
        AddValue(ScepOid.PkiStatus, DerTag.PrintableString, Number((int)StatusOf(reply)));

        // RFC 8894 §3.2.1.1: copied. In the string type of the request where that is one that clients read.
        AddValue(ScepOid.TransactionId, EchoTag(request.TransactionIdTag), request.TransactionId.ToBytes());

        // RFC 8894 §3.2.1.5: recipientNonce repeats the request's senderNonce; ours is fresh in every message.
        AddValue(ScepOid.SenderNonce, DerTag.OctetString, nonce);
        if (!request.SenderNonce.IsEmpty)
            AddValue(ScepOid.RecipientNonce, DerTag.OctetString, request.SenderNonce.Span);
        if (reply is ScepReply.Failure failure)
        {
            // RFC 8894 §3.2.1.4: the number is a PrintableString, the text a UTF8String.
            AddValue(ScepOid.FailInfo, DerTag.PrintableString, Number((int)failure.FailInfo));
            AddValue(ScepOid.FailInfoText, DerTag.Utf8String, Encoding.UTF8.GetBytes(failure.FailInfoText));
        }

        WriteSorted(writer, unsorted.Written, ends);

        void AddValue(ReadOnlySpan<byte> type, byte tag, ReadOnlySpan<byte> value)
        {
            using var element = new DerWriter(value.Length + 8);
            element.Write(tag, value);
            Add(type, element.Written);
        }

        void Add(ReadOnlySpan<byte> type, ReadOnlySpan<byte> value)
        {
            using (unsorted.Open(DerTag.Sequence))
            {
                unsorted.WriteEncoded(type);
                unsorted.Write(DerTag.Set, value);
            }

            ends.Add(unsorted.Length);
        }
    }

    // X.690 §11.6: a SET OF ascends by octets.
    private static void WriteSorted(DerWriter writer, ReadOnlySpan<byte> elements, List<int> ends)
    {
        var parts = new byte[ends.Count][];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = elements[(i == 0 ? 0 : ends[i - 1])..ends[i]].ToArray();
        Array.Sort(parts, static (one, other) => one.AsSpan().SequenceCompareTo(other));
        foreach (var part in parts)
            writer.WriteEncoded(part);
    }

    // RFC 5652 §5.4: over the attributes as a SET OF, not as the [0] that they travel in.
    private static byte[] Sign(RaPair pair, MessageDigest digest, ReadOnlySpan<byte> attributes)
    {
        using var set = new DerWriter(attributes.Length + 8);
        set.Write(DerTag.Set, attributes);
        Span<byte> hash = stackalloc byte[MessageDigest.MaxLength];
        hash = hash[..digest.Compute(set.Written, hash)];
        var signature = new byte[(pair.Key.KeySize + 7) / 8];
        return pair.Key.TrySignHash(hash, signature, digest.Name, RSASignaturePadding.Pkcs1, out var written) && written == signature.Length
            ? signature
            : throw new CryptographicException("The RA key gave a signature of a wrong length.");
    }

    private static PkiStatus StatusOf(ScepReply reply) => reply switch
    {
        ScepReply.Success or ScepReply.CrlSuccess => PkiStatus.Success,
        ScepReply.Pending => PkiStatus.Pending,
        ScepReply.Failure => PkiStatus.Failure,
        _ => throw new ArgumentOutOfRangeException(nameof(reply)),
    };

    private static byte EchoTag(byte tag) => tag is DerTag.Utf8String or DerTag.Ia5String ? tag : DerTag.PrintableString;

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
