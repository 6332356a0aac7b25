using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>What the operator decided about the conversation; null leaves it to the server's capabilities.</summary>
public sealed record ScepChoices
{
    public CaFingerprint? CaFingerprint { get; init; }

    public HashAlgorithmName? Digest { get; init; }

    public ScepCipher? Cipher { get; init; }

    /// <summary>PKIOperation by GET even where the server takes POST.</summary>
    public bool UseGet { get; init; }
}

/// <summary>A server that has introduced itself: its capabilities, its certificates, and how we are going to talk.</summary>
public sealed class ScepSession : IDisposable
{
    private readonly CaCertificates _certificates;

    private ScepSession(
        ScepTransport transport, ServerCapabilities capabilities, CaCertificates certificates, CaTrust trust, ScepChoices choices)
    {
        _certificates = certificates;
        Transport = transport;
        Capabilities = capabilities;
        Trust = trust;
        Algorithms = new MessageAlgorithms(choices.Digest ?? capabilities.BestDigest, choices.Cipher ?? capabilities.BestCipher);

        // RFC 8894 §4.1: POST where the server says that it takes it, else GET.
        UseGet = choices.UseGet || !capabilities.Post;
        Recipient = trust.Recipient ?? throw new ScepClientException(ScepStage.GetCaCert, ScepClientFault.Untrusted,
            "no certificate of the server can receive a request: none is valid, has an RSA key, "
                + "may do keyEncipherment and chains to its CA.",
            "`certctl scep probe` shows them one by one. The server needs an RSA RA certificate with digitalSignature "
                + "and keyEncipherment from its own CA.");
        if (trust.Verifiers.Count == 0)
            throw new ScepClientException(
                ScepStage.GetCaCert,
                ScepClientFault.Untrusted,
                "no certificate of the server may sign a reply (digitalSignature).",
                "`certctl scep probe` shows them one by one.");
    }

    public ScepTransport Transport { get; }

    public ServerCapabilities Capabilities { get; }

    public CaTrust Trust { get; }

    public MessageAlgorithms Algorithms { get; }

    public X509Certificate2 Recipient { get; }

    public bool UseGet { get; }

    /// <summary>GetCACaps, then GetCACert.</summary>
    /// <param name="note">Told in a sentence what deserves the operator's attention.</param>
    public static async Task<ScepSession> OpenAsync(
        ScepTransport transport, ScepChoices choices, TimeProvider time, Action<string> note, CancellationToken cancellationToken)
    {
        var caps = await transport.GetAsync(ScepStage.GetCaCaps, "GetCACaps", message: null, cancellationToken);
        if (caps.ContentType != "text/plain")
            note($"GetCACaps: the Content-Type is \"{ScepStageNames.Printable(caps.ContentType)}\" instead of text/plain.");
        var capabilities = ServerCapabilities.Parse(caps.Body);
        var certificates = CaCertificates.Parse(
            await transport.GetAsync(ScepStage.GetCaCert, "GetCACert", message: null, cancellationToken));
        ScepSession? session = null;
        try
        {
            session = new ScepSession(
                transport, capabilities, certificates, certificates.Trust(choices.CaFingerprint, time.GetUtcNow()), choices);
            session.Remark(note);
            return session;
        }
        finally
        {
            if (session is null)
                certificates.Dispose();
        }
    }

    public void Dispose() => _certificates.Dispose();

    internal Task<ScepAnswer> SendAsync(ScepStage stage, PkiMessage message, CancellationToken cancellationToken) => UseGet
        ? Transport.GetAsync(stage, "PKIOperation", message.Der, cancellationToken)
        : Transport.PostAsync(stage, message.Der, cancellationToken);

    private void Remark(Action<string> note)
    {
        if (!Trust.IsPinned)
        {
            note(Transport.Url.Scheme == Uri.UriSchemeHttps
                ? "GetCACert: no --ca-fingerprint given; the CA is believed because the TLS server was verified: "
                    + string.Join(
                        "; ", Trust.Anchors.Select(ca => $"{ScepStageNames.Printable(ca.Subject)} SHA-256 {ca.Sha256Fingerprint()}"))
                : "GetCACert: plain http and no --ca-fingerprint: this CA certificate is NOT verified: "
                    + string.Join(
                        "; ", Trust.Anchors.Select(ca => $"{ScepStageNames.Printable(ca.Subject)} SHA-256 {ca.Sha256Fingerprint()}")));
        }

        if (!Capabilities.Lists(Algorithms.Cipher))
            note(
                $"GetCACaps: the server does not list {(Algorithms.Cipher == ScepCipher.Des3 ? "DES3" : "AES")}; it is used all the same.");
        if (!Capabilities.Lists(Algorithms.Digest))
            note($"GetCACaps: the server does not list {Algorithms.Digest.Name?.Replace("SHA", "SHA-", StringComparison.Ordinal)}; "
                + "it is used all the same.");
        if (Algorithms.Digest == HashAlgorithmName.SHA1)
            note("GetCACaps: messages are signed with SHA-1, which is weak.");
    }
}
