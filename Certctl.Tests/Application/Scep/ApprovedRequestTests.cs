using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// What an approved request is answered with: the certificate that was approved, under the names that were shown, and no other.
/// </summary>
public sealed class ApprovedRequestTests
{
    [Fact]
    public async Task A_renewal_that_was_asked_for_again_after_a_revocation_gets_a_certificate_of_its_own_once_it_is_approved()
    {
        using var harness = new EnrolmentHarness(Profile());
        var first = await ApprovedAsync(harness, MessageType.PkcsReq, Signer());
        var revoked = await ApprovedAsync(harness, MessageType.RenewalReq, Signer(of: first));
        revoked.Revoke(RevocationReason.KeyCompromise, Now);

        // The same octets: the second key of the request, since the first one still names the revoked certificate.
        var another = await ApprovedAsync(harness, MessageType.RenewalReq, Signer(of: first));
        Assert.Equal(3, new[] { first, revoked, another }.DistinctBy(certificate => certificate.SerialNumber).Count());
        Assert.Equal(another.Der, Success(await harness.SendAsync(MessageType.GetCertInitial, Signer(of: first), null)));
        Assert.Equal(another.Der, Success(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request())));
    }

    [Fact]
    public async Task An_approved_request_whose_key_another_one_holds_by_now_gets_a_certificate_of_its_own()
    {
        using var harness = new EnrolmentHarness(Profile());
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        Decide(harness);
        harness.Clock.Advance(harness.Profile.Policy.Windows.Pending);
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request(), "T-2"));

        Assert.IsType<ScepReply.Success>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null, "T-2"));
    }

    [Theory]
    [InlineData("CN=b-{{csr.cn}}", "")]
    [InlineData("CN=a-{{csr.cn}}", "DNS:b.example.com")]
    public async Task Names_that_no_operator_approved_are_refused_and_asked_for_anew(string subject, string name)
    {
        using var harness = new EnrolmentHarness(Profile("CN=a-{{csr.cn}}", "DNS:a.example.com"));
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));
        var waiting = Assert.Single(harness.Journal.Enrolments.Values).Enrolment;
        Assert.Equal(("CN=a-device-1", "DNS:a.example.com"), (waiting.Subject, Assert.Single(waiting.SubjectAltNames)));
        Decide(harness);
        var changed = Profile(subject, name.Length == 0 ? "DNS:a.example.com" : name);
        await harness.Profiles.SaveAsync(changed, 1, null!, default);

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, Signer(), null));
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Equal("approved_names_changed", refusal.Reason);
        Assert.StartsWith("approved was CN=a-device-1 [DNS:a.example.com], ", refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(0, harness.Issuer.Signed);

        // The same octets again: approval is asked for the current names, and the certificate has those.
        var issued = await ApprovedAsync(harness, MessageType.PkcsReq, Signer());
        Assert.Equal(
            (
                changed.Content.SubjectTemplate[0].Replace("{{csr.cn}}", "device-1", StringComparison.Ordinal),
                changed.Content.SanTemplate[0]),
            (issued.Subject, Assert.Single(issued.SubjectAltNames)));
        Assert.Single(harness.Journal.Committed, entry => entry.Certificate is not null);
    }

    [Fact]
    public async Task A_template_that_is_as_it_was_makes_what_was_approved()
    {
        using var harness = new EnrolmentHarness(Profile("CN=a-{{csr.cn}}", "DNS:{{csr.cn}}.example.com"));
        var issued = await ApprovedAsync(harness, MessageType.PkcsReq, Signer());
        Assert.Equal(("CN=a-device-1", "DNS:device-1.example.com"), (issued.Subject, Assert.Single(issued.SubjectAltNames)));
    }

    [Theory]
    [InlineData(false, "renewal_name_changed")]
    [InlineData(true, "approved_names_changed")]
    public async Task A_renewal_that_waited_keeps_its_names_as_one_that_does_not_wait(bool mayChange, string reason)
    {
        using var harness = new EnrolmentHarness(Profile("CN=a-{{csr.cn}}"), policy => new EnrolmentPolicy
        {
            PathId = policy.PathId,
            Issuers = policy.Issuers,
            CertificateProfileId = policy.CertificateProfileId,
            Challenges = policy.Challenges,
            Limits = policy.Limits with { RenewalMayChangeName = mayChange },
        });
        var first = await ApprovedAsync(harness, MessageType.PkcsReq, Signer());
        var signer = Signer(of: first, subject: "a-device-1");
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(MessageType.RenewalReq, signer, Request()));
        Decide(harness);
        await harness.Profiles.SaveAsync(Profile("CN=b-{{csr.cn}}"), 1, null!, default);

        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.GetCertInitial, signer, null));
        Assert.Equal(reason, Assert.Single(harness.Journal.Refusals).Reason);
        Assert.Equal(1, harness.Issuer.Signed);
    }

    private static void Decide(EnrolmentHarness harness) => harness.Journal.Decide(
        harness.Journal.Enrolments.Values.Single(stored => stored.Enrolment.State == EnrolmentState.Pending).Enrolment
            .Decided(true, "olga", Now));

    private static async Task<IssuedCertificate> ApprovedAsync(EnrolmentHarness harness, MessageType type, RequestSigner signer)
    {
        Assert.IsType<ScepReply.Pending>(await harness.SendAsync(type, signer, Request()));
        Decide(harness);
        var der = Success(await harness.SendAsync(MessageType.GetCertInitial, signer, null));
        return harness.Journal.Committed.Select(entry => entry.Certificate).OfType<IssuedCertificate>()
            .Single(certificate => certificate.Der.AsSpan().SequenceEqual(der));
    }

    private static byte[] Success(ScepReply reply) => Assert.IsType<ScepReply.Success>(reply).Certificate.ToArray();

    private static CertificateProfile Profile(string? subject = null, string? name = null) => new()
    {
        Id = "default",
        Name = "needs approval",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        RequiresApproval = true,
        Content = new() { SubjectTemplate = subject is null ? [] : [subject], SanTemplate = name is null ? [] : [name] },
    };
}
