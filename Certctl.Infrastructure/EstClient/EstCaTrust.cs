using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>The CA certificates of <c>/cacerts</c> (RFC 7030 §4.1.3), and which of them are believed.</summary>
public sealed class EstCaTrust : IDisposable
{
    internal const string Operation = "cacerts";

    private EstCaTrust(
        IReadOnlyList<X509Certificate2> all, IReadOnlyList<X509Certificate2> anchors, bool isPinned, DateTimeOffset now)
    {
        All = all;
        Anchors = anchors;
        IsPinned = isPinned;
        Trusted = [.. all.Where(
            certificate => certificate.IsValidAt(now) && CertificatePath.Find(certificate, all, anchors, now) is not null)];
    }

    /// <summary>In the server's order.</summary>
    public IReadOnlyList<X509Certificate2> All { get; }

    /// <summary>The CA certificates that are believed.</summary>
    public IReadOnlyList<X509Certificate2> Anchors { get; }

    /// <summary>What is valid now and chains to an anchor, in the server's order.</summary>
    public IReadOnlyList<X509Certificate2> Trusted { get; }

    /// <summary>True when a fingerprint was given and found.</summary>
    public bool IsPinned { get; }

    public void Dispose()
    {
        foreach (var certificate in All)
            certificate.Dispose();
    }

    /// <summary>
    /// Fetches and judges. With a fingerprint only what the CA with that fingerprint vouches for is believed; without one every root in
    /// the answer, which then is as good as the TLS connection it came over.
    /// </summary>
    /// <param name="note">Told in a sentence what deserves the operator's attention.</param>
    public static async Task<EstCaTrust> FetchAsync(
        EstTransport transport, CaFingerprint? fingerprint, DateTimeOffset now, Action<string> note, CancellationToken cancellationToken)
    {
        var answer = await transport.GetAsync(EstStage.CaCerts, Operation, "application/pkcs7-mime", cancellationToken);
        if (answer.Status != 200)
            throw EstRefusal.Unexpected(EstStage.CaCerts, Operation, answer);
        var all = CertsOnly.Read(EstStage.CaCerts, answer);
        EstCaTrust? trust = null;
        try
        {
            trust = Judge(all, fingerprint, now);
            trust.Remark(note);
            return trust;
        }
        finally
        {
            if (trust is null)
            {
                foreach (var certificate in all)
                    certificate.Dispose();
            }
        }
    }

    internal static EstCaTrust Judge(IReadOnlyList<X509Certificate2> all, CaFingerprint? fingerprint, DateTimeOffset now)
    {
        var cas = all.Where(certificate => certificate.IsCa() && certificate.MayUse(X509KeyUsageFlags.KeyCertSign)).ToList();
        if (fingerprint is not null && !all.Any(fingerprint.Fits))
        {
            throw Wrong("no certificate of the server has the fingerprint that was given; it offers "
                    + $"{string.Join(", ", all.Select(fingerprint.Of))}",
                "Either the fingerprint is mistyped or outdated, or this is not the CA you mean. Ask the operator of the CA; "
                    + "do not just copy what the server says.");
        }

        var anchors = fingerprint is not null
            ? cas.Where(fingerprint.Fits).ToList()
            : cas.Where(ca => ca.IsSelfIssued()).ToList();
        if (anchors.Count == 0 && fingerprint is null)
            anchors = cas;
        if (anchors.Count == 0)
            throw Wrong(fingerprint is null
                    ? "there is no CA certificate among them"
                    : "the certificate with the given fingerprint is no CA certificate",
                "The operator of the server must put its CA certificates right.");
        var valid = anchors.Where(anchor => anchor.IsValidAt(now)).ToList();
        if (valid.Count == 0)
            throw Wrong($"the CA certificate {ScepStageNames.Printable(anchors[0].Subject)} is not valid now "
                    + $"({anchors[0].NotBefore.ToUniversalTime():u} to {anchors[0].NotAfter.ToUniversalTime():u})",
                "Compare the clocks of this machine and of the server.");
        return new EstCaTrust(all, valid, fingerprint is not null, now);
    }

    private void Remark(Action<string> note)
    {
        if (!IsPinned)
        {
            note("cacerts: no --ca-fingerprint given; the CA is believed because the TLS server was verified: "
                + string.Join("; ", Anchors.Select(ca => $"{ScepStageNames.Printable(ca.Subject)} SHA-256 {ca.Sha256Fingerprint()}")));
        }

        // RFC 7030 §4.1.3: the current root is among them.
        if (!All.Any(certificate => certificate.IsCa() && certificate.IsSelfIssued()))
            note("cacerts: the server sent no root certificate.");
        foreach (var stray in All.Where(certificate => !certificate.IsCa()))
            note($"cacerts: {ScepStageNames.Printable(stray.Subject)} is no CA certificate and is left out of account.");
    }

    private static EstClientException Wrong(string what, string advice) => EstClientException.Untrusted(
        EstStage.CaCerts, $"the CA certificates that the server sent cannot be used: {what}.", advice);
}
