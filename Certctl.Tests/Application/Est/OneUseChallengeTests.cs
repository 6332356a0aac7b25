using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Fakes;
using Certctl.Tests.Fixtures;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Est;

/// <summary>
/// A challenge with one use in the policy of an endpoint of either protocol, through the registered pipeline: the replay check knows
/// neither. No setting gives EST such a kind yet.
/// </summary>
public sealed class OneUseChallengeTests : IDisposable
{
    private readonly TestConnector _connector = TestConnector.Ec();
    private readonly IntuneCounters _counters = new();

    public void Dispose() => _counters.Dispose();

    [Theory]
    [InlineData("SCEP")]
    [InlineData("EST")]
    public async Task It_belongs_to_the_request_that_used_it_first(string protocol)
    {
        using var harness = Harness();
        var token = Token("device-1");
        var first = await SendAsync(harness, protocol, Request(challenge: token), 1);
        Assert.NotNull(first.Serial);
        Assert.Equal(first, await SendAsync(harness, protocol, Request(challenge: token), 1));

        var signed = harness.Issuer.Signed;
        Assert.Equal((null, FailureReason.ChallengeReplayed), await SendAsync(harness, protocol, Request(challenge: token, keySeed: [2]), 2));
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Equal(
            ("replay", protocol == "SCEP" ? "scep_pkcsreq_intune" : "est_simple_enroll_intune"), (refusal.Reason, refusal.Action));
        Assert.Equal(signed, harness.Issuer.Signed);
        Assert.Equal(403, EstStatus.Of(FailureReason.ChallengeReplayed));
    }

    private static async Task<(string? Serial, FailureReason? Reason)> SendAsync(
        EnrolmentHarness harness, string protocol, CertificateSigningRequest csr, byte key)
    {
        var before = harness.Journal.Refusals.Count;
        if (protocol == "EST")
        {
            var outcome = await harness.Get<EstEnrolment>().RunAsync(
                Profile(harness), new EstClient(new RequestOrigin("192.0.2.1", "r")), EnrolmentKind.SimpleEnroll,
                () => new EstReading.Request(csr), CancellationToken.None);
            return outcome is EnrolmentOutcome.Refused(var failure)
                ? (null, failure.Reason)
                : (Assert.IsType<EnrolmentOutcome.Issued>(outcome).Certificate.SerialNumber, null);
        }

        var reply = await harness.SendAsync(MessageType.PkcsReq, Signer([key]), csr);
        return reply is ScepReply.Success success
            ? (Convert.ToHexString(success.Certificate.Span), null)
            : (null, harness.Journal.Refusals[before..].Single().Reason == "replay" ? FailureReason.ChallengeReplayed : null);
    }

    private static EstProfile Profile(EnrolmentHarness harness) => new()
    {
        Policy = harness.Profile.Policy,
        Modes = EstAuthModes.Challenge,
        Passwords = new StaticChallengeValidator(null),
        MaxWrongPasswords = 0,
        CaCertificates = () => [],
    };

    private EnrolmentHarness Harness() => new(adjust: policy => new EnrolmentPolicy
    {
        PathId = policy.PathId,
        Issuers = policy.Issuers,
        CertificateProfileId = policy.CertificateProfileId,
        Challenges =
        [
            new RenewalProof(),
            new IntuneChallengeValidator(
                new IntuneSettings(new AnyConnector(), null, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), 3), _counters,
                takesAll: true),
        ],
        Limits = policy.Limits,
    });

    // The clock of the harness stands still; that of the connector does not.
    private string Token(string device) => _connector.For(device, claims =>
    {
        claims["iat"] = Now.ToUnixTimeSeconds();
        claims["exp"] = Now.AddMinutes(30).ToUnixTimeSeconds();
    });
}
