using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>What a device wants to have certified.</summary>
public sealed record EnrolmentWish
{
    public required RequestedNames Names { get; init; }

    /// <summary>The key that is certified.</summary>
    public required AsymmetricAlgorithm Key { get; init; }

    /// <summary>The challengePassword; null for none.</summary>
    public string? Challenge { get; init; }

    /// <summary>A renewal: the certificate that signs the request (RenewalReq), else null.</summary>
    public X509Certificate2? OldCertificate { get; init; }

    /// <summary>The private key of <see cref="OldCertificate"/>.</summary>
    public AsymmetricAlgorithm? OldKey { get; init; }

    /// <summary>Do not ask again, only fetch the answer to an earlier request for the same key.</summary>
    public bool Resume { get; init; }

    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long PENDING is waited for, altogether.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>How an enrolment ended.</summary>
public abstract record EnrolmentEnd
{
    private EnrolmentEnd()
    {
    }

    /// <param name="Certificate">Verified: our key, the CA's signature, valid now.</param>
    /// <param name="Chain">Its issuer first, as far up as the server's certificates go.</param>
    public sealed record Issued(X509Certificate2 Certificate, IReadOnlyList<X509Certificate2> Chain, string TransactionId) : EnrolmentEnd;

    public sealed record StillPending(string TransactionId) : EnrolmentEnd;

    public sealed record Refused(ScepRefusal Refusal, string TransactionId) : EnrolmentEnd;
}

/// <summary>
/// One enrolment, from the request to the verified certificate. The transactionID is the SHA-256 of the key (for a renewal: of the key and
/// the old certificate), so the same key asks in the same transaction: an interrupted run can be repeated or resumed with nothing but the
/// key file.
/// </summary>
public sealed class ScepEnrolment(ScepSession session, EnrolmentWish wish, TimeProvider time, Action<string> note)
{
    // RFC 8894 §3.2.1.1: a string unique for the transaction, with the hash of the public key as the usual choice;
    // upper-case hex in a PrintableString.
    private readonly string _transactionId = Convert.ToHexString(SHA256.HashData(
        [.. wish.Key.ExportSubjectPublicKeyInfo(), .. wish.OldCertificate?.RawData ?? []]));

    public async Task<EnrolmentEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var temporary = wish.OldCertificate is null
            ? DeviceRequest.SelfSigned(wish.Names, wish.Key, session.Algorithms.Digest, _transactionId, time.GetUtcNow())
            : null;
        var signer = new MessageSigner(wish.OldCertificate ?? temporary!, wish.OldKey ?? wish.Key);
        var deadline = time.GetUtcNow() + wish.Timeout;

        var reply = wish.Resume
            ? await PollAsync(signer, cancellationToken)
            : await RequestAsync(signer, cancellationToken);
        while (reply is CertRep.Pending)
        {
            var left = deadline - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
                return new EnrolmentEnd.StillPending(_transactionId);
            var wait = left < wish.PollInterval ? left : wish.PollInterval;
            note($"polling: the request is pending; the next question follows in {wait.TotalSeconds:0.#} s, "
                + $"for at most {left.TotalSeconds:0} s.");
            await Task.Delay(wait, time, cancellationToken);
            reply = await PollPatientlyAsync(signer, cancellationToken);
        }

        return reply switch
        {
            CertRep.Failure failure => new EnrolmentEnd.Refused(failure.Refusal, _transactionId),
            CertRep.Success success =>
                IssuedCheck.Accept(success.Certificates, wish, session.Trust, _transactionId, time.GetUtcNow(), note),
            _ => throw new InvalidOperationException($"no such reply: {reply.GetType().Name}"),
        };
    }

    private async Task<CertRep> RequestAsync(MessageSigner signer, CancellationToken cancellationToken)
    {
        // RFC 8894 §3.3.1: RenewalReq is signed by the certificate that is renewed, PKCSReq by the key that asks.
        var type = wish.OldCertificate is null ? PkiMessage.PkcsReq : PkiMessage.RenewalReq;
        if (type == PkiMessage.RenewalReq && !session.Capabilities.Renewal)
            note("GetCACaps: the server does not list Renewal; it may refuse.");
        var csr = DeviceRequest.Build(wish.Names, wish.Key, session.Algorithms.Digest, wish.Challenge);
        var message = PkiMessage.Build(type, _transactionId, csr, signer, session.Recipient, session.Algorithms);
        return Read(await session.SendAsync(ScepStage.Request, message, cancellationToken), message, signer);
    }

    private async Task<CertRep> PollAsync(MessageSigner signer, CancellationToken cancellationToken)
    {
        var issuer = session.Trust.IssuingCa ?? session.Recipient;
        var content = PkiMessage.IssuerAndSubject(issuer.SubjectName, wish.Names.Subject);
        var message = PkiMessage.Build(PkiMessage.GetCertInitial, _transactionId, content, signer, session.Recipient, session.Algorithms);
        return Read(await session.SendAsync(ScepStage.Polling, message, cancellationToken), message, signer);
    }

    // A server that restarts while an operator thinks is no reason to give up: only the deadline is.
    private async Task<CertRep> PollPatientlyAsync(MessageSigner signer, CancellationToken cancellationToken)
    {
        try
        {
            return await PollAsync(signer, cancellationToken);
        }
        catch (ScepClientException trouble) when (trouble.Fault == ScepClientFault.Network)
        {
            note($"polling: {trouble.Message} Still waiting.");
            return new CertRep.Pending();
        }
    }

    private CertRep Read(ScepAnswer answer, PkiMessage message, MessageSigner signer) =>
        CertRep.Read(answer, message, _transactionId, signer, session.Trust, session.Algorithms);
}

/// <summary>Is this the certificate that was asked for, from the CA that was asked?</summary>
internal static class IssuedCheck
{
    public static EnrolmentEnd.Issued Accept(
        IReadOnlyList<X509Certificate2> certificates,
        EnrolmentWish wish,
        CaTrust trust,
        string transactionId,
        DateTimeOffset now,
        Action<string> note)
    {
        var key = wish.Key.ExportSubjectPublicKeyInfo();
        var certificate = certificates.Where(candidate => candidate.HasKeyOf(key)).MaxBy(candidate => candidate.NotBefore)
            ?? throw Wrong("the server sent no certificate for the requested key",
                "The server mixed up requests, or another machine is answering in its place.");
        if (wish.OldCertificate is { } old && certificate.SameAs(old))
            throw Wrong("the server sent back the old certificate instead of a new one",
                "The server treats the renewal as a repeated request; use a new key (leave out --key).");
        if (!certificate.IsValidAt(now))
        {
            throw Wrong(
                $"the certificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, "
                    + $"but here it is {now.UtcDateTime:u}",
                "Compare the clocks of this machine and of the server.");
        }

        var path = CertificatePath.Find(certificate, [.. trust.Trusted, .. certificates], trust.Anchors, now);
        if (path is null || path.Count < 2)
        {
            throw Wrong(
                $"the certificate (issuer {ScepStageNames.Printable(certificate.Issuer)}) does not chain to "
                    + $"{string.Join(" or ", trust.Anchors.Select(ca => ScepStageNames.Printable(ca.Subject)))}",
                trust.IsPinned
                    ? "Is it the right --ca-fingerprint? It must be that of the issuing CA or of one above it."
                    : "The server issues from a CA that GetCACert does not show.");
        }

        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(wish.Names.Subject.RawData))
            note($"verify: the server issued another subject than requested: {ScepStageNames.Printable(certificate.Subject)}");
        if (certificate.IsCa())
            throw Wrong(
                "the certificate is a CA certificate, which no device should hold", "The certificate profile of the server is wrong.");

        // Copies: the result outlives the session, which owns the CA's certificates.
        var issuers = CertificatePath.Prolong(path, trust.Trusted, now).Skip(1)
            .Select(issuer => X509CertificateLoader.LoadCertificate(issuer.RawData));
        return new EnrolmentEnd.Issued(certificate, [.. issuers], transactionId);
    }

    private static ScepClientException Wrong(string what, string advice) =>
        new(ScepStage.Verify, ScepClientFault.Untrusted, $"the certificate is not accepted: {what}.", advice);
}
