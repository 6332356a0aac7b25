using Certctl.Api.Hosting;
using Certctl.Application.Est;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Est;

/// <summary>EST's settings: nothing is anonymous by omission, and what cannot be kept is refused.</summary>
public sealed class EstProfileSettingsTests
{
    private const string Flat = "CERTCTL_EST_";
    private const string Corp = "CERTCTL_EST_PROFILE_CORP_";

    [Fact]
    [Trait("Conformance", "E-E1")]
    public void A_profile_without_a_mode_does_not_start_unless_it_is_said_in_words()
    {
        var off = Settings.Complete();
        Assert.Empty(off.Options().EstProfiles);

        var problem = Settings.Complete().With(Flat + "ENABLED", "true").Problem();
        Assert.StartsWith(Flat + "ALLOWED_AUTH_MODES is not set", problem, StringComparison.Ordinal);
        Assert.Contains(Flat + "ALLOW_ANONYMOUS=true", problem, StringComparison.Ordinal);

        var said = Settings.Complete().With(Flat + "ENABLED", "true").With(Flat + "ALLOW_ANONYMOUS", "true").Reading();
        Assert.Equal(EstAuthModes.Anonymous, Assert.Single(said.Options!.EstProfiles).Modes);
        Assert.Contains(said.Warnings, warning => warning.StartsWith(Flat + "ALLOW_ANONYMOUS is true", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ALLOWED_AUTH_MODES", "basic,digest", "\"digest\" is not one of basic, mtls, challenge, approval")]
    [InlineData("ALLOWED_AUTH_MODES", " , ", "is not set")]
    [InlineData("ALLOWED_AUTH_MODES", "basic,mtls", "has mtls, and CERTCTL_EST_PROFILE_CORP_MTLS_ENABLED is not true")]
    [InlineData("ALLOWED_AUTH_MODES", "approval", "ENROLLMENT_PASSWORD is set, and")]
    [InlineData("ALLOW_ANONYMOUS", "true", "would then mean nothing")]
    [InlineData("ENROLLMENT_PASSWORD", "", "ENROLLMENT_PASSWORD is not set")]
    [InlineData("ENROLLMENT_PASSWORD", "short", "has fewer than 8 characters")]
    [InlineData("CHANNEL_BINDING_REQUIRED", "true", "cannot verify a channel binding")]
    [InlineData("MTLS_ENABLED", "true", "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH is not set")]
    [InlineData("RATE_LIMIT_PER_PRINCIPAL_24H", "-1", "a whole number from 0 to 1000")]
    [InlineData("ENROLLMENT_PASSWORD_PREVIOUS", "a password of some length", "is the same as CERTCTL_EST_PROFILE_CORP_ENROLLMENT_PASSW")]
    [InlineData("MTLS_ALLOW_OTHER_NAMES", "true", "does not have mtls; add it")]
    [InlineData("COMPLIANCE_TIMEOUT", "3s", "is set, but CERTCTL_EST_PROFILE_CORP_COMPLIANCE_URL is not")]
    [InlineData("COMPLIANCE_URL", "http://mdm.example", "is not an absolute https URL")]
    [InlineData("ISSUER_ID", "iss-other", "there is no issuer \"iss-other\"")]
    [InlineData("ENROLMENT_PASSWORD", "x", "did you mean CERTCTL_EST_PROFILE_CORP_ENROLLMENT_PASSWORD?")]
    public void What_cannot_be_kept_is_a_problem_with_its_remedy(string suffix, string value, string said)
    {
        var problems = Structured("corp").With(Corp + suffix, value).Reading().Problems;

        Assert.Contains(problems, problem => problem.StartsWith(Corp, StringComparison.Ordinal)
            && problem.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void What_would_have_no_effect_is_a_problem_and_what_has_one_beside_the_mode_is_none()
    {
        var waiting = Structured("corp").With(Corp + "ALLOWED_AUTH_MODES", "approval").With(Corp + "ENROLLMENT_PASSWORD", null)
            .With(Corp + "ENROLLMENT_PASSWORD_PREVIOUS", "the password before").With(Corp + "WRONG_PASSWORDS_PER_SOURCE_1H", "3");
        Assert.Equal(
            [Corp + "ENROLLMENT_PASSWORD_PREVIOUS is set, and", Corp + "WRONG_PASSWORDS_PER_SOURCE_1H is set, and"],
            waiting.Reading().Problems.Select(problem => problem[..(problem.IndexOf(", and", StringComparison.Ordinal) + 5)]));

        // At est-mtls both are wanted.
        var both = Structured("corp").With(Corp + "MTLS_ENABLED", "true").With(Corp + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/cas.pem")
            .With("CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "3").Reading();
        Assert.Empty(both.Problems);
        Assert.Contains(
            both.Warnings, warning => warning.StartsWith("CERTCTL_EST_SERVERKEYGEN_CONCURRENCY has no", StringComparison.Ordinal));
        Assert.StartsWith(
            "CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS is the same as",
            Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", Settings.Challenge).Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void SCEP_takes_certificates_of_EST_only_where_that_is_served_and_authenticates_its_clients()
    {
        var served = Structured("corp").Options().EstProfiles;
        Assert.True(EstRegistration.AuthenticatesAt("corp", served));
        Assert.False(EstRegistration.AuthenticatesAt("", served));
        var open = Settings.Complete().With(Flat + "ENABLED", "true").With(Flat + "ALLOW_ANONYMOUS", "true").Options().EstProfiles;
        Assert.False(EstRegistration.AuthenticatesAt("", open));
    }

    [Theory]
    [Trait("Conformance", "E-H3")]
    [InlineData("simpleenroll")]
    [InlineData("CSRAttrs")]
    public void A_label_is_no_operation(string label) => Assert.Contains(
        Structured(label).Reading().Problems,
        problem => problem.Contains($"\"{label}\" is an operation of EST", StringComparison.Ordinal));

    [Fact]
    public void A_profile_that_is_not_listed_is_named_and_defaults_are_as_documented()
    {
        var profile = Assert.Single(Structured("corp").Options().EstProfiles);
        Assert.Equal(
            ("corp", "default", EstAuthModes.Basic, 10, 0, (string?)null),
            (
                profile.PathId, profile.CertificateProfileId, profile.Modes, profile.MaxWrongPasswords, profile.PerPrincipalLimit,
                profile.MtlsBundlePath));
        Assert.Contains(
            Structured("corp").With("CERTCTL_EST_PROFILE_IOT_ISSUER_ID", "iss-local").Reading().Problems,
            problem => problem.Contains("belongs to no profile of CERTCTL_EST_PROFILES (CORP)", StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Structured(string label) => Settings.Complete()
        .With(Flat + "ENABLED", "true").With(Flat + "PROFILES", label)
        .With($"CERTCTL_EST_PROFILE_{label.ToUpperInvariant()}_ISSUER_ID", "iss-local")
        .With($"CERTCTL_EST_PROFILE_{label.ToUpperInvariant()}_ALLOWED_AUTH_MODES", "basic")
        .With($"CERTCTL_EST_PROFILE_{label.ToUpperInvariant()}_ENROLLMENT_PASSWORD", "a password of some length");
}
