using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Xunit;

namespace Certctl.Tests.Application.Est;

/// <summary>What EST has of the core: renewals by the TLS client certificate, with its times, and requests found again.</summary>
public sealed class EstHandlerTests : IDisposable
{
    private readonly EnrolmentHarness _harness = new(new CertificateProfile
    {
        Id = CertificateProfile.DefaultId,
        Name = "Default",
        AllowedKeyAlgorithms = CertificateProfile.Default(EnrolmentHarness.Now).AllowedKeyAlgorithms,
        AllowedEkus = CertificateProfile.Default(EnrolmentHarness.Now).AllowedEkus,
        RenewalGraceDays = 10,
        CreatedAt = EnrolmentHarness.Now,
        UpdatedAt = EnrolmentHarness.Now,
    });

    private int _attempts;

    public void Dispose() => _harness.Dispose();

    [Fact]
    [Trait("Conformance", "E-E8")]
    public async Task The_certificate_that_is_renewed_authenticates_and_the_same_names_get_a_new_one()
    {
        var first = await FirstAsync();
        var renewed = Issued(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([2])));
        Assert.NotEqual(first.SerialNumber, renewed.SerialNumber);
        Assert.Equal(("EST", first.Subject), (renewed.Source, renewed.Subject));

        // Same key: a renewal, with a serial number of its own.
        Assert.NotEqual(
            first.SerialNumber, Issued(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([1]))).SerialNumber);
    }

    [Fact]
    [Trait("Conformance", "E-E7")]
    public async Task Other_names_are_no_renewal()
    {
        var first = await FirstAsync();
        Assert.Equal(
            FailureReason.RenewalNameChanged,
            Refused(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([2], "another"))));
        Assert.Equal(
            FailureReason.RenewalNameChanged,
            Refused(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([2], dnsNames: "more.example"))));
    }

    [Fact]
    public async Task One_that_has_ended_renews_within_the_grace_beside_the_password_and_never_alone()
    {
        var first = await FirstAsync();
        _harness.Clock.SetUtcNow(first.NotAfter.AddDays(1));
        Assert.Equal(
            FailureReason.RenewalSignerExpired, Refused(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([2]))));
        Issued(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first) with { PasswordId = "current" }, Request([2])));
        _harness.Clock.SetUtcNow(first.NotAfter.AddDays(11));
        Assert.Equal(
            FailureReason.RenewalSignerExpired,
            Refused(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first) with { PasswordId = "current" }, Request([3]))));
    }

    [Fact]
    public async Task A_revoked_one_and_a_stranger_renew_nothing()
    {
        var first = await FirstAsync();
        var stranger = Client(first) with { Certificate = EnrolmentHarness.Signer(issuer: "another CA") };
        Assert.Equal(FailureReason.RenewalSignerUnknown, Refused(await SendAsync(EnrolmentKind.SimpleReenroll, stranger, Request([2]))));
        first.Revoke(RevocationReason.KeyCompromise, EnrolmentHarness.Now);
        Assert.Equal(
            FailureReason.RenewalSignerRevoked, Refused(await SendAsync(EnrolmentKind.SimpleReenroll, Client(first), Request([2]))));
    }

    [Fact]
    [Trait("Conformance", "E-E6")]
    public async Task A_request_that_was_signed_anew_is_found_by_key_and_names_and_client()
    {
        var client = new EstClient(new RequestOrigin("192.0.2.1", "r")) { PasswordId = "current", UserName = "fleet" };
        var first = Issued(await SendAsync(EnrolmentKind.SimpleEnroll, client, Request([1])));
        Assert.Equal(first.SerialNumber, Issued(await SendAsync(EnrolmentKind.SimpleEnroll, client, Request([1]))).SerialNumber);
        Assert.NotEqual(
            first.SerialNumber, Issued(await SendAsync(EnrolmentKind.SimpleEnroll, client, Request([1], "another"))).SerialNumber);
        Assert.NotEqual(
            first.SerialNumber,
            Issued(await SendAsync(EnrolmentKind.SimpleEnroll, client with { UserName = "others" }, Request([1]))).SerialNumber);
    }

    [Fact]
    [Trait("Conformance", "E-E9")]
    public async Task ChangeSubjectName_is_refused_and_not_passed_over()
    {
        var csr = Request([1], attribute: "1.3.6.1.5.5.7.7.36");
        var client = new EstClient(new RequestOrigin("192.0.2.1", "r")) { PasswordId = "current" };
        Assert.Equal(FailureReason.RenewalNameChanged, Refused(await SendAsync(EnrolmentKind.SimpleEnroll, client, csr)));
    }

    // Of a first enrolment by SCEP's endpoint of the same path.
    private async Task<IssuedCertificate> FirstAsync()
    {
        await _harness.SendAsync(
            Certctl.Application.Scep.MessageType.PkcsReq, EnrolmentHarness.Signer(), EnrolmentHarness.Request());
        return Assert.Single(_harness.Journal.Committed).Certificate!;
    }

    private Task<EnrolmentOutcome> SendAsync(EnrolmentKind kind, EstClient client, CertificateSigningRequest csr) =>
        _harness.Get<EstEnrolment>().RunAsync(Profile(), client, kind, () => new EstReading.Request(csr), CancellationToken.None);

    private EstProfile Profile()
    {
        var scep = _harness.Profile.Policy;
        return new EstProfile
        {
            Policy = new EnrolmentPolicy
            {
                PathId = scep.PathId,
                Issuers = scep.Issuers,
                CertificateProfileId = scep.CertificateProfileId,
                Challenges = [new RenewalProof(), new BasicProof(0)],
                Limits = scep.Limits,
                TakesCertificatesOf = [Certctl.Application.Scep.ScepProtocol.Name],
            },
            Modes = EstAuthModes.Basic,
            Passwords = new StaticChallengeValidator(null),
            MaxWrongPasswords = 0,
            CaCertificates = () => [],
        };
    }

    // Each attempt has octets of its own.
    private CertificateSigningRequest Request(byte[] key, string name = "device-1", string? attribute = null, params string[] dnsNames)
    {
        var csr = EnrolmentHarness.Request(name, null, key, dnsNames);
        var octets = System.Text.Encoding.UTF8.GetBytes($"{_attempts++}");
        return new CertificateSigningRequest
        {
            DerWithoutChallenge = octets,
            Sha256 = System.Security.Cryptography.SHA256.HashData(octets),
            Subject = csr.Subject,
            PublicKey = csr.PublicKey,
            SubjectAltNames = csr.SubjectAltNames,
            AttributeOids = attribute is null ? new HashSet<string>() : new HashSet<string> { attribute },
        };
    }

    private static EstClient Client(IssuedCertificate certificate) => new(new RequestOrigin("192.0.2.1", "r"))
    {
        Certificate = EnrolmentHarness.Signer(of: certificate),
    };

    private static IssuedCertificate Issued(EnrolmentOutcome outcome) => Assert.IsType<EnrolmentOutcome.Issued>(outcome).Certificate;

    private static FailureReason Refused(EnrolmentOutcome outcome) => Assert.IsType<EnrolmentOutcome.Refused>(outcome).Failure.Reason;
}
