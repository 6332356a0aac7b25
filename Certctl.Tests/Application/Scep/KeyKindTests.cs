using System.Security.Cryptography;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// Which kinds of keys are certified: the profile decides, when the request is made and before anything is issued.
/// The keys of the harness are P-256.
/// </summary>
public sealed class KeyKindTests
{
    private static readonly byte[] FreshKey = [7];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "A-29")]
    public async Task An_EC_key_that_the_profile_does_not_allow_is_refused_before_anything_is_issued_or_waits(bool requiresApproval)
    {
        using var harness = new EnrolmentHarness(RsaOnly(requiresApproval));

        var refused = Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.PkcsReq, Signer(), Request()));

        Assert.Equal((FailInfo.BadAlg, "key_not_allowed"), (refused.FailInfo, Assert.Single(harness.Journal.Refusals).Reason));
        Assert.Empty(harness.Journal.Committed);
        Assert.Empty(harness.Journal.Enrolments);
    }

    [Theory]
    [InlineData(MessageType.RenewalReq, false)]
    [InlineData(MessageType.PkcsReq, false)]
    [InlineData(MessageType.RenewalReq, true)]
    public async Task So_is_the_step_to_one_in_a_renewal(MessageType type, bool requiresApproval)
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var old = harness.Journal.Enrolments.Values.Single().Certificate!;
        await harness.Profiles.SaveAsync(RsaOnly(requiresApproval), 1, null!, CancellationToken.None);

        Assert.IsType<ScepReply.Failure>(
            await harness.SendAsync(type, Signer(of: old), Request(challenge: null, keySeed: FreshKey), "T-2"));

        Assert.Equal("key_not_allowed", Assert.Single(harness.Journal.Refusals).Reason);
        Assert.Single(harness.Journal.Enrolments);
    }

    // Its renewal could not be answered, whatever the profile says of the key.
    [Theory]
    [InlineData(MessageType.PkcsReq, false)]
    [InlineData(MessageType.RenewalReq, false)]
    [InlineData(MessageType.RenewalReq, true)]
    public async Task A_key_that_can_neither_decrypt_nor_agree_is_refused_although_the_profile_allows_it(
        MessageType type, bool requiresApproval)
    {
        using var harness = new EnrolmentHarness();
        await harness.SendAsync(MessageType.PkcsReq, Signer(), Request());
        var old = harness.Journal.Enrolments.Values.Single().Certificate!;
        await harness.Profiles.SaveAsync(
            Allowing(requiresApproval, new KeyAlgorithmRule(KeyAlgorithm.Ed25519, 0)), 1, null!, CancellationToken.None);

        var refused = Assert.IsType<ScepReply.Failure>(
            await harness.SendAsync(type, Signer(of: old), Keyed(KeyAlgorithm.Ed25519, null), "T-2"));

        Assert.Equal((FailInfo.BadAlg, "requester_cannot_receive"), (refused.FailInfo, Assert.Single(harness.Journal.Refusals).Reason));
        Assert.Single(harness.Journal.Enrolments);
    }

    [Theory]
    [InlineData(KeyAlgorithm.Rsa, null, true)]
    [InlineData(KeyAlgorithm.Ecdsa, "1.2.840.10045.3.1.7", true)]
    [InlineData(KeyAlgorithm.Ecdsa, "1.3.132.0.34", true)]
    [InlineData(KeyAlgorithm.Ecdsa, "1.3.132.0.35", true)]
    [InlineData(KeyAlgorithm.Ecdsa, "1.3.132.0.33", false)]
    [InlineData(KeyAlgorithm.Ecdsa, null, false)]
    [InlineData(KeyAlgorithm.Ed25519, null, false)]
    [InlineData(KeyAlgorithm.Other, null, false)]
    public void Envelopes_can_be_addressed_to_RSA_keys_and_to_EC_keys_on_three_curves(KeyAlgorithm algorithm, string? curve, bool can) =>
        Assert.Equal(can, Key(algorithm, curve).CanReceiveEnvelopes);

    private static CertificateProfile RsaOnly(bool requiresApproval) =>
        Allowing(requiresApproval, new KeyAlgorithmRule(KeyAlgorithm.Rsa, 2048));

    private static CertificateProfile Allowing(bool requiresApproval, params KeyAlgorithmRule[] rules) => new()
    {
        Id = CertificateProfile.DefaultId,
        Name = "keys",
        AllowedKeyAlgorithms = rules,
        AllowedEkus = ["clientAuth"],
        RequiresApproval = requiresApproval,
    };

    private static CertificateSigningRequest Keyed(KeyAlgorithm algorithm, string? curve)
    {
        var request = Request(challenge: null);
        return new CertificateSigningRequest
        {
            DerWithoutChallenge = request.DerWithoutChallenge,
            Sha256 = request.Sha256,
            Subject = request.Subject,
            PublicKey = Key(algorithm, curve),
            ChallengePassword = null,
            SubjectAltNames = [],
        };
    }

    private static PublicKeyInfo Key(KeyAlgorithm algorithm, string? curve) =>
        new() { Der = new byte[] { 8 }, Algorithm = algorithm, Bits = 256, CurveOid = curve, Sha256 = SHA256.HashData([8]) };
}
