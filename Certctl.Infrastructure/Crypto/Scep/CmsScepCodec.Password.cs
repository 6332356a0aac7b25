using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Cms.Recipients;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>Requests that are encrypted with a challenge (RFC 8894 §3.1, ADR 29).</summary>
public sealed partial class CmsScepCodec
{
    /// <summary>Shared by all profiles of the process.</summary>
    internal DerivationQueue Derivations { get; init; } = DerivationQueue.OfProcess;

    /// <param name="notOurs">Why the envelope cannot be opened with a key of the RA.</param>
    private ScepContent OpenByPassword(
        Reading reading, EnvelopedData envelope, EnvelopePasswords passwords, ReadOnlyMemory<byte> iv, EnrolmentFailure notOurs)
    {
        // A query tells by its answer whether it could be read, and leaves no trace of a wrong challenge: no guess is taken there.
        if (envelope.Password is not { } recipient || passwords.IsEmpty
            || reading.Attributes.MessageType is MessageType.GetCert or MessageType.GetCrl)
            return new ScepContent.Refused(notOurs);
        if (PasswordKek.Find(recipient, policy, out var refusal) is not { } kek)
            return Refuse(FailureReason.UnsupportedAlgorithm, refusal!);
        var cipher = reading.Cipher!;
        if (!EcRecipient.CanReceive(cipher))
            return Refuse(FailureReason.UnsupportedAlgorithm, $"content encryption {envelope.Cipher} with a password");

        // The same work whether and which password opens it; a wrong one shows as content that makes no sense.
        var key = new byte[cipher.KeyLength];
        Secret? opened = null;
        Derivations.Run(() => opened = kek.Open(passwords, recipient.EncryptedKey.Span, key));
        reading.Derived = UnreadableContent.BeginFloor();
        var plaintext = Decrypt(key, cipher, iv.Span, envelope.EncryptedContent.Span, out var genuine);
        if (opened is not null && reading.Signer!.PublicKey.Algorithm != KeyAlgorithm.Rsa)
            reading.ReplyPassword = new EnvelopePassword(opened, kek.Digest, kek.Iterations);
        return opened is not null && reading.Attributes.MessageType == MessageType.GetCertInitial
            ? new ScepContent.CertPoll()
            : ReadRequest(plaintext, genuine && opened is not null);
    }
}
