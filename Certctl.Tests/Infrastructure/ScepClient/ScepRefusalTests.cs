using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>
/// What the client advises after a refusal: what the server's text speaks of, and only without one what the failInfo may mean.
/// </summary>
public sealed class ScepRefusalTests
{
    // Their texts say of what kind the fault is, and nothing that the operator of the client could do differently;
    // the failInfo's advice answers them.
    private static readonly FailureReason[] WithoutAdviceOfTheirOwn =
    [
        FailureReason.MalformedRequest, FailureReason.UnknownMessageType, FailureReason.MessageCheckFailed, FailureReason.UnreadableContent,
        FailureReason.SignerKeyMismatch,
        FailureReason.CertificateUnknown,
        FailureReason.ClientCertificateMissing, FailureReason.ClientCertificateUntrusted, FailureReason.ClientCertificateUnknown,
        FailureReason.ClientCertificateRevoked, FailureReason.RawCsrUnreadable,

        // Of EST alone.
        FailureReason.CredentialsMissing, FailureReason.PasswordWrong, FailureReason.TooManyWrongPasswords,
        FailureReason.ClientCertificateNameMismatch, FailureReason.ChannelBindingUnsupported, FailureReason.ServerKeyMustWait,
        FailureReason.ServerKeyProtection, FailureReason.ServerKeyBusy,
    ];

    [Theory]
    [InlineData(FailureReason.ChallengeWrong, "CERTCTL_CHALLENGE")]
    [InlineData(FailureReason.ChallengeMissing, "--challenge")]
    [InlineData(FailureReason.ChallengeReplayed, "Obtain a new challenge")]
    [InlineData(FailureReason.IntuneExpired, "Obtain a new challenge")]
    [InlineData(FailureReason.RateLimited, "again later")]
    [InlineData(FailureReason.KeyNotAllowed, "--key-type")]
    [InlineData(FailureReason.RequesterCannotReceive, "ec-p256")]
    [InlineData(FailureReason.WeakKey, "--key")]
    [InlineData(FailureReason.UnsupportedAlgorithm, "--digest")]
    [InlineData(FailureReason.NotEncryptedToUs, "scep probe")]
    [InlineData(FailureReason.SubjectNotAllowed, "--subject")]
    [InlineData(FailureReason.SubjectAltNameNotAllowed, "--dns")]
    [InlineData(FailureReason.RenewalNameChanged, "without --renew")]
    [InlineData(FailureReason.RenewalSignerUnknown, "--old-cert was issued by the server")]
    [InlineData(FailureReason.RenewalSignerExpired, "enrol anew")]
    [InlineData(FailureReason.RenewalSignerRevoked, "enrol anew")]
    [InlineData(FailureReason.RenewalOtherProfile, "URL")]
    [InlineData(FailureReason.RenewalTooEarly, "closer to the end")]
    [InlineData(FailureReason.RenewalKeyReused, "Leave out --key")]
    [InlineData(FailureReason.CertificateRevoked, "new key")]
    [InlineData(FailureReason.RequestDenied, "operator")]
    [InlineData(FailureReason.ApprovedNamesChanged, "without --resume")]
    [InlineData(FailureReason.RequestExpired, "without --resume")]
    [InlineData(FailureReason.TransactionUnknown, "--resume")]
    [InlineData(FailureReason.ComplianceFailed, "not compliant")]
    [InlineData(FailureReason.ProfileUnavailable, "enable the certificate profile")]
    public void The_advice_follows_the_text(FailureReason reason, string advice) =>
        Assert.Contains(advice, Of(reason).Advice, StringComparison.Ordinal);

    [Fact]
    public void Each_text_of_the_server_has_advice_of_its_own()
    {
        foreach (var reason in Enum.GetValues<FailureReason>().Except(WithoutAdviceOfTheirOwn))
            Assert.False(Of(reason).Advice == (Of(reason) with { Text = null }).Advice, $"{reason}: {Of(reason).Advice}");
    }

    [Theory]
    [InlineData("2", "Bad challenge password", "CERTCTL_CHALLENGE")]
    [InlineData("1", "The challenge has been used", "CERTCTL_CHALLENGE")]
    [InlineData("2", null, "audit log")]
    [InlineData("0", null, "--digest")]
    [InlineData("4", "", "without --resume")]
    [InlineData("9", null, "audit log")]
    public void Texts_of_other_servers_are_read_for_their_words_and_without_one_the_failInfo_advises(
        string code, string? text, string advice) =>
        Assert.Contains(advice, new ScepRefusal(code, text).Advice, StringComparison.Ordinal);

    private static ScepRefusal Of(FailureReason reason)
    {
        var row = FailureTable.Of(reason);
        return new ScepRefusal(((int)row.FailInfo).ToString(System.Globalization.CultureInfo.InvariantCulture), row.PublicText);
    }
}
