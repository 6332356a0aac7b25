using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>What is asked for.</summary>
public enum EstOperation
{
    SimpleEnroll,
    SimpleReenroll,
    ServerKeygen,
}

/// <summary>One request for a certificate.</summary>
public sealed record EstWish
{
    public required EstOperation Operation { get; init; }

    /// <summary>The PKCS#10 request, sent octet for octet each time.</summary>
    public required byte[] Csr { get; init; }

    /// <summary>The key of <see cref="Csr"/>.</summary>
    public required AsymmetricAlgorithm Key { get; init; }

    public required X500DistinguishedName Subject { get; init; }

    /// <summary>The certificate that is renewed; null for none.</summary>
    public X509Certificate2? OldCertificate { get; init; }

    /// <summary>serverkeygen: who the private key was asked to be encrypted to; null for in the clear.</summary>
    public EstIdentity? KeyRecipient { get; init; }

    /// <summary>How often to ask where a 202 has no Retry-After.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long 202 is waited for, altogether.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>How a request ended.</summary>
public abstract record EstEnd
{
    private EstEnd()
    {
    }

    /// <param name="Certificate">Verified: our key, the CA's signature, valid now.</param>
    /// <param name="Chain">Its issuer first, as far up as the server's certificates go.</param>
    /// <param name="Key">The key that the server made; null where the client's own was certified.</param>
    public sealed record Issued(X509Certificate2 Certificate, IReadOnlyList<X509Certificate2> Chain, AsymmetricAlgorithm? Key) : EstEnd;

    /// <param name="Wait">How long the server asks to wait before the next question.</param>
    /// <param name="Text">What the server says of it; null for nothing.</param>
    public sealed record StillPending(TimeSpan Wait, string? Text) : EstEnd;

    public sealed record Refused(EstRefusal Refusal) : EstEnd;
}

/// <summary>
/// One request for a certificate, from the first POST to the verified certificate. While the server answers 202 the same octets are sent
/// again, so that an interrupted run can be resumed with nothing but the files of key and request.
/// </summary>
public sealed class EstEnrolment(EstTransport transport, EstCaTrust trust, EstWish wish, TimeProvider time, Action<string> note)
{
    // The last answer that was no answer: the server was away.
    private EstAnswer? _notNow;

    public static string PathOf(EstOperation operation) => operation switch
    {
        EstOperation.SimpleEnroll => "simpleenroll",
        EstOperation.SimpleReenroll => "simplereenroll",
        EstOperation.ServerKeygen => "serverkeygen",
    };

    public async Task<EstEnd> RunAsync(CancellationToken cancellationToken)
    {
        var deadline = time.GetUtcNow() + wish.Timeout;
        var answer = await AskAsync(EstStage.Request, cancellationToken);
        while (IsToBeAskedAgain(answer))
        {
            // RFC 7030 §4.2.3: not before Retry-After has passed.
            var wait = answer.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : wish.PollInterval;
            var left = deadline - time.GetUtcNow();
            if (left <= TimeSpan.Zero || wait > left)
                return new EstEnd.StillPending(wait, answer.Status == 202 ? EstRefusal.BodyText(answer) : null);
            note($"waiting: the request is not decided yet; the next question follows in {wait.TotalSeconds:0.#} s, "
                + $"for at most {left.TotalSeconds:0} s.");
            await Task.Delay(wait, time, cancellationToken);
            answer = await AskPatientlyAsync(cancellationToken);
        }

        if (EstRefusal.Of(answer) is { } refusal)
            return new EstEnd.Refused(refusal);
        if (answer.Status != 200)
            throw EstRefusal.Unexpected(EstStage.Request, PathOf(wish.Operation), answer);
        return Read(answer);
    }

    private bool IsToBeAskedAgain(EstAnswer answer) => answer.Status == 202 || answer == _notNow;

    private Task<EstAnswer> AskAsync(EstStage stage, CancellationToken cancellationToken) => transport.PostAsync(
        stage, PathOf(wish.Operation), wish.Csr,
        wish.Operation == EstOperation.ServerKeygen ? "multipart/mixed" : "application/pkcs7-mime", cancellationToken);

    // A server that restarts while an operator thinks is no reason to give up: only the deadline is.
    private async Task<EstAnswer> AskPatientlyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await AskAsync(EstStage.Waiting, cancellationToken);
            if (answer.Status is not (429 or >= 500) || answer.Status == 501)
                return answer;
            note($"waiting: the server answered HTTP {answer.Status}. Still waiting.");
            return _notNow = new EstAnswer { Status = answer.Status, RetryAfter = answer.RetryAfter };
        }
        catch (EstClientException trouble) when (trouble.Fault == EstFault.Network)
        {
            note($"waiting: {trouble.Message} Still waiting.");
            return _notNow = new EstAnswer { Status = 0 };
        }
    }

    private EstEnd.Issued Read(EstAnswer answer)
    {
        if (wish.Operation != EstOperation.ServerKeygen)
            return Accept(CertsOnly.Read(EstStage.Verify, answer), wish.Key, made: null);
        var (key, certificates) = new ServerGeneratedKey(trust, time).Read(answer, wish.KeyRecipient);
        EstEnd.Issued? issued = null;
        try
        {
            return issued = Accept(certificates, key, made: key);
        }
        finally
        {
            if (issued is null)
                key.Dispose();
        }
    }

    private EstEnd.Issued Accept(IReadOnlyList<X509Certificate2> sent, AsymmetricAlgorithm key, AsymmetricAlgorithm? made)
    {
        var now = time.GetUtcNow();
        var spki = key.ExportSubjectPublicKeyInfo();
        var certificate = sent.FirstOrDefault(candidate => candidate.HasKeyOf(spki))
            ?? throw Wrong(made is null ? "none is for the key of the request" : "it is not for the key that came with it",
                "The server mixed up requests, or another machine is answering in its place.");
        if (wish.OldCertificate is { } old && certificate.SameAs(old))
            throw Wrong("it is the old certificate and no new one",
                "The server treats the renewal as a repeated request; use a new key (leave out --key).");
        if (certificate.IsCa())
            throw Wrong("it is a CA certificate, which no device should hold", "The certificate profile of the server is wrong.");
        if (!certificate.IsValidAt(now))
            throw Wrong($"it is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, "
                + $"but here it is {now.UtcDateTime:u}", "Compare the clocks of this machine and of the server.");
        if (CertificatePath.Find(certificate, [.. trust.Trusted, .. sent], trust.Anchors, now) is not { Count: > 1 } path)
            throw Wrong($"its issuer {ScepStageNames.Printable(certificate.Issuer)} does not lead to "
                + string.Join(" or ", trust.Anchors.Select(ca => ScepStageNames.Printable(ca.Subject))),
                trust.IsPinned
                    ? "Is it the right --ca-fingerprint? It must be that of the issuing CA or of one above it."
                    : "The server issues from a CA that its /cacerts does not show.");
        Remark(certificate, sent.Count);

        // Copies: the result outlives the trust, which owns the CA's certificates.
        var issuers = CertificatePath.Prolong(path, trust.Trusted, now).Skip(1)
            .Select(issuer => X509CertificateLoader.LoadCertificate(issuer.RawData));
        return new EstEnd.Issued(certificate, [.. issuers], made);
    }

    private void Remark(X509Certificate2 certificate, int sent)
    {
        // RFC 7030 §4.2.3: the issued certificate and no other.
        if (sent > 1)
            note($"verify: the server sent {sent} certificates where one is due.");
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(wish.Subject.RawData))
            note($"verify: the server issued another subject than requested: {ScepStageNames.Printable(certificate.Subject)}");
    }

    private static EstClientException Wrong(string what, string advice) => EstClientException.Untrusted(
        EstStage.Verify, $"the certificate that the server sent is not accepted: {what}.", advice);
}
