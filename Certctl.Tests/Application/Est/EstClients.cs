using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Challenges;
using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.Static;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Est;

/// <summary>EST's endpoints on the harness of the core, and the requests that clients send to them.</summary>
internal static class EstClients
{
    private static int _attempts;

    public static CertificateProfile Rules(int renewalWindowDays = 0, string? subjectTemplate = null) => new()
    {
        Id = CertificateProfile.DefaultId,
        Name = "Default",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        RenewalWindowDays = renewalWindowDays,
        Content = new() { SubjectTemplate = subjectTemplate is null ? [] : [subjectTemplate] },
    };

    public static EstProfile Endpoint(
        EnrolmentHarness harness, EstAuthModes modes, IChallengeValidator kind, IClientTrust? trust = null) => new()
        {
            Policy = new EnrolmentPolicy
            {
                PathId = harness.Profile.PathId,
                Issuers = harness.Profile.Policy.Issuers,
                CertificateProfileId = harness.Profile.Policy.CertificateProfileId,
                Challenges = [new RenewalProof(), kind],
                Limits = harness.Profile.Policy.Limits,
            },
            Modes = modes,
            Passwords = new StaticChallengeValidator(null),
            MaxWrongPasswords = 0,
            ClientTrust = trust,
            CaCertificates = () => [],
        };

    /// <summary>Signed anew each time: its octets are never those of another one.</summary>
    /// <param name="name">Empty: there are alternative names alone.</param>
    public static CertificateSigningRequest Request(byte[] key, string name = "device-1", params string[] dnsNames)
    {
        var csr = EnrolmentHarness.Request(name, null, key, dnsNames);
        var octets = Encoding.UTF8.GetBytes($"{Interlocked.Increment(ref _attempts)}");
        return new CertificateSigningRequest
        {
            DerWithoutChallenge = octets,
            Sha256 = SHA256.HashData(octets),
            Subject = name.Length == 0 ? new SubjectName { Der = new byte[] { 0x30, 0 }, Rdns = [] } : csr.Subject,
            PublicKey = csr.PublicKey,
            SubjectAltNames = csr.SubjectAltNames,
        };
    }

    public static Task<EnrolmentOutcome> SendAsync(
        this EnrolmentHarness harness, EstProfile profile, EnrolmentKind kind, EstClient client, CertificateSigningRequest csr)
    {
        harness.Keep(csr);
        return harness.Get<EstEnrolment>().RunAsync(profile, client, kind, () => new EstReading.Request(csr), CancellationToken.None);
    }

    /// <summary>A client that shows the certificate in the TLS handshake, as the gate judges it.</summary>
    public static Task<EstAdmission> ShowAsync(
        this EnrolmentHarness harness, EstProfile profile, RequestSigner certificate, EnrolmentKind kind, bool onMtlsRoute) =>
        harness.Get<EstGate>().AdmitAsync(profile, Shown(harness, certificate, onMtlsRoute), kind, CancellationToken.None);

    public static ShownCredentials Shown(EnrolmentHarness harness, RequestSigner certificate, bool onMtlsRoute)
    {
        harness.EstCodec.ReadCertificate(default).ReturnsForAnyArgs(certificate);
        harness.EstCodec.ReadNames(default).ReturnsForAnyArgs([]);
        return new(Origin, new ShownCertificates(certificate.CertificateDer, []), null, onMtlsRoute);
    }

    public static readonly RequestOrigin Origin = new("192.0.2.1", "r");

    public static IssuedCertificate Issued(EnrolmentOutcome outcome) => Assert.IsType<EnrolmentOutcome.Issued>(outcome).Certificate;

    public static EnrolmentFailure Refused(EnrolmentOutcome outcome) => Assert.IsType<EnrolmentOutcome.Refused>(outcome).Failure;
}

/// <summary>A bundle that takes all certificates, or none.</summary>
internal sealed class FixedTrust(Func<RequestSigner> shown, bool trusts) : IClientTrust
{
    public IReadOnlyList<TrustedCa> Cas => [];

    public ClientVerdict Judge(ShownCertificates certificates, DateTimeOffset now) => trusts
        ? new ClientVerdict.Trusted(shown(), null)
        : new ClientVerdict.Untrusted(shown(), "it leads to none of the bundle");
}
