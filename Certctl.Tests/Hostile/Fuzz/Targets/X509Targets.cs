using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Infrastructure.ScepClient;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

internal static class X509Targets
{
    private static readonly CertificateProfile Profile = Requests.Profile();
    private static readonly Lazy<BundleTrust> Trust = new(
        () => new BundleTrust([Seeds.BundleRoot], new Dictionary<string, X509Certificate2>()));
    private static readonly byte[] Hash = SHA256.HashData([1]);

    /// <summary>What a TLS client shows, by itself and as a CA that it sends along.</summary>
    public static void ClientCertificate(byte[] input)
    {
        _ = Trust.Value.Judge(new ShownCertificates(Seeds.BundleRoot.RawData, [input]), FakePki.Now);
        if (Trust.Value.Judge(new ShownCertificates(input, []), FakePki.Now) is ClientVerdict.Trusted trusted)
            ContradictionException.Unless(
                trusted.Certificate.Issuer.Der.Span.SequenceEqual(Seeds.BundleRoot.SubjectName.RawData), "only the bundle vouches");
    }

    public static void Name(byte[] input)
    {
        if (NameReader.TryRead(input, out var name, out var defect))
            Check(name!);
        else
            ContradictionException.Unless(defect is not null, "what is refused has a defect");
    }

    public static void GeneralNames(byte[] input)
    {
        if (!GeneralNameReader.TryReadAll(input, out var names, out var defect))
        {
            ContradictionException.Unless(defect is not null && names.Count == 0, "what is refused has a defect and no names");
            return;
        }

        foreach (var name in names)
            ContradictionException.Unless(name.ToString().Contains(':', StringComparison.Ordinal) && name.SameAs(name), "a name is itself");
    }

    /// <summary>The key is used too: the platform gets to see it only within the caps.</summary>
    public static void PublicKey(byte[] input)
    {
        if (!PublicKeyReader.TryRead(input, out var key, out _))
            return;
        _ = key!.Describe();
        var signature = new byte[key.Algorithm == KeyAlgorithm.Rsa ? key.Modulus.Length : 8];
        ((ReadOnlySpan<byte>)[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]).CopyTo(signature.Length >= 8 ? signature : new byte[8]);
        ContradictionException.Unless(
            !SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA256, Hash, signature), "a random signature is wrong");
        ContradictionException.Unless(
            !SignatureVerifier.VerifyPss(key, HashAlgorithmName.SHA256, Hash, signature), "a random signature is wrong");
    }

    public static void Certificate(byte[] input)
    {
        if (!CertificateReader.TryRead(input, out var certificate, out var defect))
        {
            ContradictionException.Unless(defect is not null, "what is refused has a defect");
            return;
        }

        Check(certificate!.Subject);
        Check(certificate.Issuer);
        _ = CertificateReader.FindSubjectKeyIdentifier(input);
    }

    public static void Request(byte[] input)
    {
        var kept = CsrReader.ReadKept(input);
        var reading = CsrReader.Read(input, CryptoPolicy.Legacy);
        ContradictionException.Unless(kept is not null || reading is CsrReading.Invalid, "a valid request can be parsed");
        if (kept is null)
            return;
        Check(kept.Subject);
        _ = Profile.Approve(kept, Requests.Year, Requests.Now);
        var again = CsrReader.ReadKept(kept.DerWithoutChallenge);
        ContradictionException.Unless(
            again is not null && again.Subject.SameAs(kept.Subject) && again.PublicKey.Sha256.Span.SequenceEqual(kept.PublicKey.Sha256.Span)
            && again.SubjectAltNames.Count == kept.SubjectAltNames.Count && again.AttributeOids.SetEquals(kept.AttributeOids),
            "a request without its challenge is the same request");
    }

    private static void Check(SubjectName name)
    {
        _ = name.CommonName;
        _ = name.ToString();
        ContradictionException.Unless(name.SameAs(name), "a name is itself");
        var normal = name.Normalised();

        // Latin-1 in UTF-8 may be longer than the limit.
        ContradictionException.Unless(
            normal.Der.Length > DecodingLimits.NameOctets
            || (NameReader.TryRead(normal.Der, out var again, out _) && again!.SameAs(name)
                && again.Normalised().Der.Span.SequenceEqual(normal.Der.Span)),
            "a normalised name is the same name, and normal");
    }
}
