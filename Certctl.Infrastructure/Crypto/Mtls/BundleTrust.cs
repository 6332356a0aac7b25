using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.ClientCertificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Mtls;

/// <summary>
/// Judges client certificates by one bundle with the platform's chain engine. Any CA of the bundle is an anchor, an intermediate too:
/// manufacturers hand out those. Replaced as a whole (SIGHUP), without a lock on the reading side.
/// </summary>
/// <param name="anchors">At least one.</param>
/// <param name="issuers">Our own CAs by issuer id: the journal knows their certificates.</param>
public sealed class BundleTrust(IReadOnlyList<X509Certificate2> anchors, IReadOnlyDictionary<string, X509Certificate2> issuers)
    : IClientTrust
{
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>A client that sends more than a path can use has something else in mind.</summary>
    private const int MaxOthers = 8;

    // The engine wants a self-signed end of the path; ours is where the bundle says.
    private const X509ChainStatusFlags EndsElsewhere = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    private volatile X509Certificate2[] _anchors = [.. anchors];

    /// <summary>The CAs that are believed now.</summary>
    public IReadOnlyList<X509Certificate2> Anchors => _anchors;

    public IReadOnlyList<TrustedCa> Cas =>
        [.. _anchors.Select(ca => new TrustedCa(NameOf(ca), ca.NotBefore.ToUniversalTime(), ca.NotAfter.ToUniversalTime()))];

    /// <summary>
    /// Makes another bundle ready; the action puts it to use and cannot fail. Requests under way finish with the old one.
    /// </summary>
    public Action Stage(IReadOnlyList<X509Certificate2> anchors)
    {
        X509Certificate2[] staged = [.. anchors];
        return () => _anchors = staged;
    }

    public ClientVerdict Judge(ShownCertificates shown, DateTimeOffset now)
    {
        if (!CertificateReader.TryRead(shown.Certificate, out var certificate, out var defect))
            return new ClientVerdict.Untrusted(null, $"it cannot be read: {defect}");
        if (shown.Others.Count > MaxOthers)
            return new ClientVerdict.Untrusted(
                certificate, $"it comes with {shown.Others.Count} other certificates; {MaxOthers} at most are looked at");

        var loaded = new List<X509Certificate2>();
        try
        {
            loaded.AddRange(shown.Others.Prepend(shown.Certificate).Select(der => X509CertificateLoader.LoadCertificate(der.Span)));
            return FindDefect(loaded[0], loaded[1..], now) is { } untrusted
                ? new ClientVerdict.Untrusted(certificate, untrusted)
                : new ClientVerdict.Trusted(certificate!, IssuerOf(certificate!));
        }
        catch (CryptographicException unreadable)
        {
            return new ClientVerdict.Untrusted(certificate, $"a certificate cannot be loaded: {unreadable.Message}");
        }
        finally
        {
            loaded.ForEach(one => one.Dispose());
        }
    }

    private static string NameOf(X509Certificate2 ca) => NameReader.TryRead(ca.SubjectName.RawData, out var name, out _)
        ? name!.CommonName ?? name.ToString()
        : ca.Subject;

    // By name alone: a foreign CA of our name then is judged by our journal, which knows none of its certificates.
    private string? IssuerOf(RequestSigner certificate) =>
        issuers.FirstOrDefault(own => certificate.Issuer.Der.Span.SequenceEqual(own.Value.SubjectName.RawData)).Key;

    // One anchor at a time: two CAs of one name, the old and the new, then cannot hide one another.
    private string? FindDefect(X509Certificate2 certificate, List<X509Certificate2> others, DateTimeOffset now)
    {
        var closest = "it does not lead to a CA of the trust bundle";
        foreach (var anchor in _anchors)
        {
            var (leads, defects) = Follow(certificate, others, anchor, now);
            if (leads && defects.Count == 0)
                return null;
            if (leads)
                closest = $"on its path to {anchor.Subject}: {string.Join(", ", defects)}";
        }

        return closest;
    }

    private static (bool Leads, IReadOnlyList<string> Defects) Follow(
        X509Certificate2 certificate, List<X509Certificate2> others, X509Certificate2 anchor, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(anchor);
        policy.ExtraStore.AddRange(others.ToArray());
        policy.VerificationTime = now.UtcDateTime;
        policy.VerificationTimeIgnored = false;

        // Nothing is fetched for a stranger; of our own certificates the journal says whether they are revoked.
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;

        // RFC 5280 §4.2.1.12: where there is an extended key usage it must be this one; anyExtendedKeyUsage is not.
        policy.ApplicationPolicy.Add(new Oid(ClientAuth));
        chain.Build(certificate);
        try
        {
            var leads = chain.ChainElements.Skip(1)
                .Any(element => element.Certificate.RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span));
            return (
                leads,
                [.. chain.ChainStatus.Where(status => (status.Status & ~EndsElsewhere) != 0).Select(status => status.Status.ToString())]);
        }
        finally
        {
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }
}
