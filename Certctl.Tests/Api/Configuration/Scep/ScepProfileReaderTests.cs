using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Scep;

/// <summary>The flat form, the named profiles, and which wins when both are set.</summary>
public sealed class ScepProfileReaderTests
{
    /// <summary>Suffix, a value other than the default, and what stands in the profile then.</summary>
    public static readonly TheoryData<string, string, string> Good = new()
    {
        { "ISSUER_ID", "iss-local", "iss-local" },
        { "PROFILE_ID", "iot-devices", "iot-devices" },
        { "CHALLENGE_PASSWORD", "sixteen letters!", "sixteen letters!" },
        { "CHALLENGE_PASSWORD_PREVIOUS", "the one before it", "the one before it" },
        { "RA_CERT_PATH", "/other.crt", "/other.crt+/keys/ra.key" },
        { "RA_KEY_PATH", "/other.key", "/keys/ra.crt+/other.key" },
        { "EXTRA_CAPABILITIES", "SHA-384,des3 , SHA-1,DES3", "SHA-384|DES3|SHA-1" },
        { "RETRY_WINDOW", "90m", "01:30:00" },
        { "RETRY_WINDOW", "1h30m10s", "01:30:10" },
        { "RETRY_WINDOW", "0s", "00:00:00" },
        { "RETRY_WINDOW", "24h", "1.00:00:00" },
        { "RENEWAL_ALLOW_NAME_CHANGE", "yes", "True" },
        { "MTLS_ENABLED", "true", "/makers.pem" },
        { "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/other.pem", "/other.pem" },
        { "PENDING_WINDOW", "1m", "00:01:00" },
        { "PENDING_WINDOW", "2160h", "90.00:00:00" },
        { "CRYPTO_POLICY", "modern", "Modern" },
        { "CRYPTO_POLICY", " Legacy", "Legacy" },
        { "ALLOW_RAW_CSR", "no", "False" },
        { "CLIENT_PRESET", "Cisco", "RaAndChain/LeafAndIssuer/DES3,SHA-1" },
        { "CLIENT_PRESET", "intune-windows", "RaAndIssuer/Leaf/" },
        { "GETCACERT", "RA+Issuer", "RaAndIssuer" },
        { "GETCACERT", "issuer", "Issuer" },
        { "GETCACERT", "chain", "Chain" },
        { "REPLY_CHAIN", "leaf+issuer", "LeafAndIssuer" },
        { "REPLY_CHAIN", "chain", "Chain" },
    };

    /// <summary>Suffix, a value that cannot be, and what is said of it.</summary>
    public static readonly TheoryData<string, string?, string> Bad = new()
    {
        { "ISSUER_ID", "iss-other", "there is no issuer \"iss-other\"" },
        { "CHALLENGE_PASSWORD", null, "is not set" },
        { "CHALLENGE_PASSWORD", "1234567", "has fewer than 8 characters" },
        { "CHALLENGE_PASSWORD_PREVIOUS", "1234567", "has fewer than 8 characters" },
        { "RA_CERT_PATH", null, "is not set" },
        { "RA_CERT_PATH", "/a.crt,/b.crt", "names 2 files and" },
        { "RA_KEY_PATH", null, "is not set" },
        { "RA_KEY_PATH", " , ", "names no file" },
        { "EXTRA_CAPABILITIES", "SHA-384,MD5", "\"MD5\" is not one of SHA-384, DES3, SHA-1" },
        { "RETRY_WINDOW", "24h1s", "a duration from 0s to 24h" },
        { "RETRY_WINDOW", "60", "a duration" },
        { "RETRY_WINDOW", "-1h", "a duration" },
        { "RETRY_WINDOW", "1d", "a duration" },
        { "RETRY_WINDOW", "99999999h", "a duration" },
        { "RENEWAL_ALLOW_NAME_CHANGE", "maybe", "true or false" },
        { "MTLS_ENABLED", "on", "true or false" },
        { "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", null, "is not set" },
        { "PENDING_WINDOW", "59s", "a duration" },
        { "PENDING_WINDOW", "2161h", "a duration" },
        { "CRYPTO_POLICY", "1", "one of modern, compatible, legacy" },
        { "CRYPTO_POLICY", "strict", "one of modern, compatible, legacy" },
        { "ALLOW_RAW_CSR", "perhaps", "true or false" },
        { "CLIENT_PRESET", "android", "one of default, apple, intune-windows, cisco, juniper, mikrotik, chromeos, printer, strongswan" },
        { "GETCACERT", "all", "one of ra+chain, ra+issuer, chain, issuer" },
        { "REPLY_CHAIN", "issuer", "one of leaf, leaf+issuer, chain" },
    };

    public static TheoryData<bool, string, string, string> GoodInBothForms() =>
        InBothForms(Good.Select(row => ((string)row[0], (string)row[1], (string)row[2])));

    public static TheoryData<bool, string, string, string> BadInBothForms() =>
        InBothForms(Bad.Select(row => ((string)row[0], (string)row[1], (string)row[2])));

    [Theory]
    [MemberData(nameof(GoodInBothForms))]
    public void A_value_reaches_the_profile(bool structured, string suffix, string value, string expected)
    {
        var (environment, prefix) = Form(structured);

        var profile = Assert.Single(environment.With(prefix + suffix, value).Options().ScepProfiles);

        Assert.Equal(structured ? "corp" : "", profile.PathId);
        Assert.Equal(expected, Told(profile, suffix));
    }

    [Theory]
    [MemberData(nameof(BadInBothForms))]
    public void A_value_that_cannot_be_is_a_problem_that_names_the_variable(bool structured, string suffix, string? value, string said)
    {
        var (environment, prefix) = Form(structured);

        var problem = environment.With(prefix + suffix, value).Problem();

        Assert.StartsWith(prefix + suffix, problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.Ordinal);
        if (structured)
            Assert.EndsWith(" (SCEP profile \"corp\")", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_of_a_profile_has_its_values_here()
    {
        // These have tests of their own: NextCaReaderTests, IntuneReaderTests, ComplianceReaderTests.
        string[] elsewhere = ["NEXT_", "INTUNE_", "CHALLENGE_MODE", "COMPLIANCE_"];
        var names = KnownSettings.ScepProfile.Select(setting => setting.Name)
            .Where(name => !elsewhere.Any(start => name.StartsWith(start, StringComparison.Ordinal))).Order().ToList();

        Assert.Equal(names, Good.Select(row => (string)row[0]).Distinct().Order());
        // Which certificate profiles there are is a question to the database.
        Assert.Equal(names.Except(["PROFILE_ID"]), Bad.Select(row => (string)row[0]).Distinct().Order());
    }

    [Fact]
    public void What_is_not_set_has_the_documented_default()
    {
        var profile = Assert.Single(Settings.Complete().Options().ScepProfiles);

        Assert.Equal("iss-local", profile.IssuerId);
        Assert.Equal("default", profile.CertificateProfileId);
        Assert.Null(profile.PreviousChallenge);
        Assert.Empty(profile.ExtraCapabilities);
        Assert.Equal(TimeSpan.FromHours(1), profile.RetryWindow);
        Assert.False(profile.RenewalMayChangeName);
        Assert.True(profile.AllowRawCsr);
        Assert.Null(profile.MtlsBundlePath);
        Assert.Equal(CryptoPolicy.Compatible, profile.CryptoPolicy);
        Assert.Equal(TimeSpan.FromDays(7), profile.PendingWindow);
        Assert.Equal((CaCertificateShape.RaAndChain, ReplyChain.Leaf), (profile.CaCertificates, profile.ReplyChain));
    }

    [Fact]
    public void A_setting_wins_over_the_preset_and_a_preset_over_the_default()
    {
        var environment = Settings.Complete().With("CERTCTL_SCEP_CLIENT_PRESET", "cisco")
            .With("CERTCTL_SCEP_REPLY_CHAIN", "leaf").With("CERTCTL_SCEP_EXTRA_CAPABILITIES", "SHA-384");

        var profile = environment.Options().ScepProfiles[0];

        Assert.Equal((CaCertificateShape.RaAndChain, ReplyChain.Leaf), (profile.CaCertificates, profile.ReplyChain));
        Assert.Equal(["SHA-384"], profile.ExtraCapabilities);
    }

    [Fact]
    public void A_preset_that_lists_what_the_policy_refuses_is_a_problem() => Assert.StartsWith(
        "CERTCTL_SCEP_CLIENT_PRESET: DES3 cannot be listed, since CERTCTL_SCEP_CRYPTO_POLICY is modern",
        Settings.Complete().With("CERTCTL_SCEP_CLIENT_PRESET", "printer")
            .With("CERTCTL_SCEP_CRYPTO_POLICY", "modern").Reading().Problems[0],
        StringComparison.Ordinal);

    [Theory]
    [InlineData("DES3")]
    [InlineData("SHA-1")]
    public void What_the_policy_refuses_cannot_be_listed_and_both_settings_are_named(string capability)
    {
        var environment = Settings.Complete().With("CERTCTL_SCEP_EXTRA_CAPABILITIES", $"SHA-384,{capability}");

        var problem = environment.With("CERTCTL_SCEP_CRYPTO_POLICY", "modern").Problem();
        Assert.StartsWith(
            $"CERTCTL_SCEP_EXTRA_CAPABILITIES: {capability} cannot be listed, since CERTCTL_SCEP_CRYPTO_POLICY is modern",
            problem,
            StringComparison.Ordinal);
        foreach (var policy in new[] { "compatible", "legacy" })
            Assert.Equal(
                ["SHA-384", capability],
                environment.With("CERTCTL_SCEP_CRYPTO_POLICY", policy).Options().ScepProfiles[0].ExtraCapabilities);
    }

    [Theory]
    [InlineData("CHALLENGE_PASSWORD")]
    [InlineData("CHALLENGE_PASSWORD_PREVIOUS")]
    public void A_challenge_under_eight_characters_is_refused_and_one_under_sixteen_warned_about(string suffix)
    {
        var name = "CERTCTL_SCEP_" + suffix;

        Assert.Contains("fewer than 8", Settings.Complete().With(name, "1234567").Problem(), StringComparison.Ordinal);
        foreach (var weak in new[] { "12345678", "123456789012345" })
        {
            var reading = Settings.Complete().With(name, weak).Reading();
            Assert.Empty(reading.Problems);
            Assert.StartsWith($"{name}: has fewer than 16 characters", Assert.Single(reading.Warnings), StringComparison.Ordinal);
        }

        Assert.Empty(Settings.Complete().With(name, "1234567890123456").Reading().Warnings);
    }

    [Fact]
    public void Several_RA_pairs_go_together_in_the_order_of_the_setting()
    {
        var profile = Settings.Complete().With("CERTCTL_SCEP_RA_CERT_PATH", "/new.crt, /old.crt")
            .With("CERTCTL_SCEP_RA_KEY_PATH", "/new.key,/old.key").Options().ScepProfiles[0];

        Assert.Equal([new RaPairPaths("/new.crt", "/new.key"), new RaPairPaths("/old.crt", "/old.key")], profile.RaPairs);
    }

    [Fact]
    public void A_named_profile_needs_its_issuer_and_takes_none_from_a_default()
    {
        var problem = Settings.Structured().With("CERTCTL_SCEP_PROFILE_CORP_ISSUER_ID", null).Problem();

        Assert.StartsWith("CERTCTL_SCEP_PROFILE_CORP_ISSUER_ID is not set", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_name_of_the_list_is_a_profile_at_its_own_path_with_its_own_settings()
    {
        var options = Settings.Structured().With("CERTCTL_SCEP_PROFILES", " corp ,, Shop-Floor ").AddProfile("SHOP_FLOOR").Options();

        Assert.Equal(["corp", "shop-floor"], options.ScepProfiles.Select(profile => profile.PathId));
        Assert.Equal(
            ["CORP " + Settings.Challenge, "SHOP_FLOOR " + Settings.Challenge],
            options.ScepProfiles.Select(profile => profile.Challenge!.Reveal()));
    }

    [Fact]
    public void Beside_named_profiles_the_flat_form_has_no_effect_and_that_is_said()
    {
        var reading = Settings.Structured()
            .With("CERTCTL_SCEP_RA_CERT_PATH", "/ra.crt").With("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", "/no/such/challenge")
            .With("CERTCTL_SCEP_MTLS_ENABLED", "true").Reading();

        Assert.Empty(reading.Problems);
        var profile = Assert.Single(reading.Options!.ScepProfiles);
        Assert.Equal(
            ("corp", "/keys/ra.crt", "CORP " + Settings.Challenge, null),
            (profile.PathId, profile.RaPairs[0].CertPath, profile.Challenge!.Reveal(), profile.MtlsBundlePath));
        var warning = Assert.Single(reading.Warnings);
        foreach (var name in new[]
        {
            "CERTCTL_SCEP_PROFILES",
            "CERTCTL_SCEP_RA_CERT_PATH",
            "CERTCTL_SCEP_CHALLENGE_PASSWORD",
            "CERTCTL_SCEP_MTLS_ENABLED",
        })
            Assert.Contains(name, warning, StringComparison.Ordinal);
    }

    [Fact]
    public void The_problems_of_all_profiles_come_at_once_each_with_its_path()
    {
        var problems = Settings.Structured().With("CERTCTL_SCEP_PROFILES", "corp,shop-floor")
            .With("CERTCTL_SCEP_PROFILE_CORP_ISSUER_ID", null)
            .With("CERTCTL_SCEP_PROFILE_SHOP_FLOOR_MTLS_ENABLED", "true")
            .With("CERTCTL_SCEP_PROFILE_SHOP_FLOOR_ISSUER_ID", "iss-local").Reading().Problems;

        Assert.Equal(5, problems.Count);
        Assert.EndsWith(" (SCEP profile \"corp\")", problems[0], StringComparison.Ordinal);
        Assert.All(problems.Skip(1), problem => Assert.EndsWith(" (SCEP profile \"shop-floor\")", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_bundle_without_its_switch_has_no_effect_and_that_is_said()
    {
        var reading = Settings.Complete().With("CERTCTL_SCEP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/makers.pem").Reading();

        Assert.Null(Assert.Single(reading.Options!.ScepProfiles).MtlsBundlePath);
        Assert.StartsWith(
            "CERTCTL_SCEP_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH has no effect", Assert.Single(reading.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_is_no_list_and_leaves_the_flat_form() =>
        Assert.Equal("", Assert.Single(Settings.Complete().With("CERTCTL_SCEP_PROFILES", " , ").Options().ScepProfiles).PathId);

    [Theory]
    [InlineData("-corp")]
    [InlineData("corp-")]
    [InlineData("-")]
    [InlineData("co_rp")]
    [InlineData("co rp")]
    [InlineData("co/rp")]
    [InlineData("cörp")]
    [InlineData("corp.exe")]
    public void A_name_that_cannot_be_a_path_is_refused(string name)
    {
        var problem = Settings.Structured().AddProfile(ScepProfileReader.Token(name))
            .With("CERTCTL_SCEP_PROFILES", $"corp,{name}").Problem();

        Assert.StartsWith($"CERTCTL_SCEP_PROFILES: \"{name}\" cannot be a path", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("1")]
    [InlineData("a-b")]
    [InlineData("a--b")]
    public void A_name_of_letters_digits_and_inner_hyphens_can(string name) =>
        Assert.Equal(name, Settings.Structured().AddProfile(ScepProfileReader.Token(name))
            .With("CERTCTL_SCEP_PROFILES", $"corp,{name}").Options().ScepProfiles[1].PathId);

    [Fact]
    public void A_name_has_at_most_64_characters()
    {
        var (longest, tooLong) = (new string('a', 64), new string('a', 65));

        Assert.Equal(longest, Settings.Structured().AddProfile(longest.ToUpperInvariant())
            .With("CERTCTL_SCEP_PROFILES", $"corp,{longest}").Options().ScepProfiles[1].PathId);
        Assert.Contains(
            "at most 64",
            Settings.Structured().AddProfile(tooLong.ToUpperInvariant()).With("CERTCTL_SCEP_PROFILES", $"corp,{tooLong}").Problem(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("corp,corp")]
    [InlineData("corp,CORP")]
    public void The_same_name_twice_is_refused(string list) =>
        Assert.Contains("are the same name", Settings.Structured().With("CERTCTL_SCEP_PROFILES", list).Problem(), StringComparison.Ordinal);

    [Fact]
    public void While_SCEP_is_off_its_settings_are_not_judged_but_that_they_rest_is_said()
    {
        foreach (var environment in new[] { Settings.Complete(), Settings.Structured() })
        {
            var off = environment.With("CERTCTL_SCEP_ENABLED", "no")
                .Where(pair => !pair.Key.EndsWith("RA_KEY_PATH", StringComparison.Ordinal)).ToDictionary();

            var reading = off.Reading();

            Assert.Empty(reading.Problems);
            Assert.Empty(reading.Options!.ScepProfiles);
            Assert.Equal("CERTCTL_SCEP_ENABLED is false, so the SCEP settings have no effect.", Assert.Single(reading.Warnings));
        }
    }

    private static (Dictionary<string, string> Environment, string Prefix) Form(bool structured)
    {
        var (environment, prefix) = structured
            ? (Settings.Structured(), "CERTCTL_SCEP_PROFILE_CORP_")
            : (Settings.Complete(), "CERTCTL_SCEP_");
        return (environment.With(prefix + "MTLS_ENABLED", "true").With(prefix + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "/makers.pem"), prefix);
    }

    private static TheoryData<bool, string, string, string> InBothForms(IEnumerable<(string Suffix, string Value, string Expected)> rows)
    {
        var both = new TheoryData<bool, string, string, string>();
        foreach (var (suffix, value, expected) in rows)
        {
            both.Add(false, suffix, value, expected);
            both.Add(true, suffix, value, expected);
        }

        return both;
    }

    private static string? Told(ScepProfileOptions profile, string suffix) => suffix switch
    {
        "ISSUER_ID" => profile.IssuerId,
        "PROFILE_ID" => profile.CertificateProfileId,
        "CHALLENGE_PASSWORD" => profile.Challenge!.Reveal(),
        "CHALLENGE_PASSWORD_PREVIOUS" => profile.PreviousChallenge?.Reveal(),
        "RA_CERT_PATH" or "RA_KEY_PATH" => string.Join('|', profile.RaPairs.Select(pair => $"{pair.CertPath}+{pair.KeyPath}")),
        "EXTRA_CAPABILITIES" => string.Join('|', profile.ExtraCapabilities),
        "RETRY_WINDOW" => profile.RetryWindow.ToString("c"),
        "PENDING_WINDOW" => profile.PendingWindow.ToString("c"),
        "RENEWAL_ALLOW_NAME_CHANGE" => $"{profile.RenewalMayChangeName}",
        "MTLS_ENABLED" or "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH" => profile.MtlsBundlePath,
        "CRYPTO_POLICY" => $"{profile.CryptoPolicy}",
        "ALLOW_RAW_CSR" => $"{profile.AllowRawCsr}",
        "CLIENT_PRESET" => $"{profile.CaCertificates}/{profile.ReplyChain}/{string.Join(',', profile.ExtraCapabilities)}",
        "GETCACERT" => $"{profile.CaCertificates}",
        "REPLY_CHAIN" => $"{profile.ReplyChain}",
        _ => throw new ArgumentException(suffix),
    };
}
