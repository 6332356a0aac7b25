using System.Text.Json;
using Certctl.Api.Rest.Endpoints;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Domain.Profiles;

/// <summary>
/// Each field of the upstream profile object does something here, or cannot be written at all. One test a field, named for it.
/// </summary>
public sealed class ProfileFieldTests
{
    [Fact]
    public void Id_goes_with_every_template() => Assert.Equal("vpn", Profile().Granted(Csr()).ProfileId);

    [Theory]
    [InlineData("", false)]
    [InlineData("VPN", false)]
    [InlineData("-vpn", false)]
    [InlineData("vpn\n", false)]
    [InlineData("a/b", false)]
    [InlineData("vpn-2", true)]
    [InlineData("0", true)]
    public void Id_has_one_form(string id, bool valid) => MustSay("id", valid, Copy(id: id));

    [Fact]
    public void Id_has_at_most_63_characters()
    {
        MustSay("id", valid: true, Copy(id: new string('a', 63)));
        MustSay("id", valid: false, Copy(id: new string('a', 64)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Name_is_required_and_bounded(int length, bool valid) => MustSay("name", valid, Copy(name: new string('n', length)));

    [Fact]
    public void Name_of_blanks_is_none() => MustSay("name", valid: false, Copy(name: "  "));

    [Theory]
    [InlineData(4000, true)]
    [InlineData(4001, false)]
    public void Description_is_bounded(int length, bool valid) => MustSay("description", valid, Copy(description: new string('d', length)));

    [Theory]
    [InlineData(KeyAlgorithm.Rsa, 2047, false)]
    [InlineData(KeyAlgorithm.Rsa, 2048, true)]
    [InlineData(KeyAlgorithm.Rsa, 8192, true)]
    [InlineData(KeyAlgorithm.Rsa, 8193, false)]
    [InlineData(KeyAlgorithm.Ecdsa, 0, false)]
    [InlineData(KeyAlgorithm.Ecdsa, 255, false)]
    [InlineData(KeyAlgorithm.Ecdsa, 256, true)]
    [InlineData(KeyAlgorithm.Ecdsa, 384, true)]
    [InlineData(KeyAlgorithm.Ecdsa, 521, true)]
    [InlineData(KeyAlgorithm.Ed25519, 0, true)]
    [InlineData(KeyAlgorithm.Ed25519, 256, true)]
    [InlineData(KeyAlgorithm.Ed25519, 512, false)]
    [InlineData(KeyAlgorithm.Other, 0, false)]
    public void AllowedKeyAlgorithms_names_what_can_be_certified(KeyAlgorithm algorithm, int size, bool valid) =>
        MustSay("allowed_key_algorithms", valid, Copy(keys: [new(algorithm, size)]));

    [Fact]
    public void AllowedKeyAlgorithms_is_never_empty() => MustSay("allowed_key_algorithms", valid: false, Copy(keys: []));

    [Fact]
    public void AllowedKeyAlgorithms_wants_the_algorithm_and_the_size_of_one_rule()
    {
        var profile = Copy(keys: [new(KeyAlgorithm.Rsa, 3072), new(KeyAlgorithm.Ecdsa, 384)]);
        profile.Granted(Csr(Rsa(3072)));
        profile.Granted(Csr(Ec("1.3.132.0.34", 384)));
        Assert.Contains("RSA-2048", profile.Denied(FailureReason.KeyNotAllowed, Csr(Rsa(2048))), StringComparison.Ordinal);
        Assert.Contains("ECDSA-P256", profile.Denied(FailureReason.KeyNotAllowed, Csr(Ec())), StringComparison.Ordinal);

        var ecOnly = Copy(keys: [new(KeyAlgorithm.Ecdsa, 256)]);
        ecOnly.Denied(FailureReason.KeyNotAllowed, Csr(Rsa(8192)));
        Copy(keys: []).Denied(FailureReason.KeyNotAllowed, Csr());
    }

    [Theory]
    [InlineData(0, 365 * 86400)]
    [InlineData(3600, 3600)]
    [InlineData(86400, 86400)]
    [InlineData(366 * 86400, 365 * 86400)]
    public void MaxTtlSeconds_shortens_the_life_and_never_lengthens_it(int seconds, int expected)
    {
        var template = Copy(ttl: seconds).Granted(Csr());
        Assert.Equal((Now.AddMinutes(-5), TimeSpan.FromSeconds(expected)), (template.NotBefore, template.NotAfter - template.NotBefore));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(59)]
    [InlineData(60)]
    [InlineData(299)]
    [InlineData(300)]
    [InlineData(301)]
    [InlineData(2999)]
    [InlineData(3001)]
    [InlineData(3599)]
    public void MaxTtlSeconds_is_never_exceeded_and_a_short_life_is_not_spent_on_back_dating(int seconds)
    {
        foreach (var at in (DateTimeOffset[])[Now, Now.AddTicks(1), Now.AddMilliseconds(999)])
        {
            var template = Assert.IsType<Approval.Granted>(Copy(ttl: seconds, shortLived: true).Approve(Csr(), Year, at)).Template;
            Assert.Equal(TimeSpan.FromSeconds(seconds), template.NotAfter - template.NotBefore);
            Assert.InRange(at - template.NotBefore, TimeSpan.Zero, TimeSpan.FromSeconds(Math.Min(300, seconds / 10.0) + 1));
            Assert.True(template.NotAfter > at - TimeSpan.FromSeconds(1));
        }
    }

    [Theory]
    [InlineData(-1, false, false)]
    [InlineData(0, false, true)]
    [InlineData(1, false, false)]
    [InlineData(3599, false, false)]
    [InlineData(3600, false, true)]
    [InlineData(1, true, true)]
    [InlineData(3599, true, true)]
    public void MaxTtlSeconds_under_an_hour_needs_to_be_meant(int seconds, bool shortLived, bool valid) =>
        MustSay("max_ttl_seconds", valid, Copy(ttl: seconds, shortLived: shortLived));

    [Theory]
    [InlineData(0, false)]
    [InlineData(3600, false)]
    [InlineData(3599, true)]
    public void AllowShortLived_stands_with_a_short_life_only(int seconds, bool valid) =>
        MustSay("allow_short_lived", valid, Copy(ttl: seconds, shortLived: true));

    [Fact]
    public void AllowedEkus_is_what_the_certificate_gets_in_that_order() =>
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"],
            Profile("clientAuth", "serverAuth", "emailProtection", "codeSigning", "timeStamping").Granted(Csr()).ExtendedKeyUsages);

    [Theory]
    [InlineData("OCSPSigning")]
    [InlineData("ocspSigning")]
    [InlineData("cmcRA")]
    [InlineData("ClientAuth")]
    [InlineData("1.3.6.1.5.5.7.3.9")]
    [InlineData("1.3.6.1.5.5.7.3.28")]
    [InlineData("1.3.6.1.4.1.311.20.2.1")]
    [InlineData("1.3.6.1.4.1.311.21.6")]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("3.1")]
    [InlineData("1.40")]
    [InlineData("0.100")]
    [InlineData("1.3.06")]
    [InlineData("1.3.")]
    [InlineData(".1.3")]
    [InlineData("1.3 ")]
    [InlineData("1.3.6\n")]
    [InlineData("1.-3")]
    [InlineData("1.3.٣")]
    [InlineData("1.3.999999999999999999999999999999999999999")]
    [Trait("Conformance", "P-20")]
    public void AllowedEkus_has_none_that_speaks_for_the_CA_and_none_that_is_no_OID(string eku) =>
        MustSay("allowed_ekus", valid: false, Copy(ekus: ["clientAuth", eku]));

    [Theory]
    [InlineData("smartcardLogon")]
    [InlineData("ipsecIKE")]
    [InlineData("anyExtendedKeyUsage")]
    [InlineData("1.3.6.1.5.2.3.4")]
    [InlineData("0.39")]
    [InlineData("2.999.0")]
    [InlineData("2.25.32980073569858662929564197851150617291")]
    public void AllowedEkus_may_be_OIDs(string eku) => MustSay("allowed_ekus", valid: true, Copy(ekus: ["clientAuth", eku]));

    [Fact]
    public void AllowedEkus_is_neither_empty_nor_repetitive()
    {
        MustSay("allowed_ekus", valid: false, Copy(ekus: []));
        MustSay("allowed_ekus", valid: false, Copy(ekus: ["clientAuth", "clientAuth"]));
        MustSay("allowed_ekus", valid: false, Copy(ekus: ["clientAuth", "1.3.6.1.5.5.7.3.2"]));
        MustSay("allowed_ekus", valid: false, Copy(ekus: [.. Enumerable.Range(1, 51).Select(i => $"2.999.{i}")]));
        MustSay("allowed_ekus", valid: true, Copy(ekus: ["serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping"]));
    }

    [Theory]
    [InlineData("", "RSA,ECDSA", true)]
    [InlineData("digitalSignature", "RSA,ECDSA", true)]
    [InlineData("digitalSignature,keyEncipherment", "RSA,ECDSA", true)]
    [InlineData("digitalSignature,keyEncipherment", "ECDSA", false)]
    [InlineData("digitalSignature,dataEncipherment", "ECDSA", false)]
    [InlineData("digitalSignature,keyAgreement", "RSA", false)]
    [InlineData("keyEncipherment", "RSA,ECDSA", false)]
    [InlineData("keyAgreement", "ECDSA", true)]
    [InlineData("contentCommitment", "RSA", false)]
    [InlineData("keyEncipherment", "RSA", false)]
    [InlineData("digitalSignature,digitalSignature", "RSA", false)]
    [InlineData("keyCertSign", "RSA", false)]
    [InlineData("digitalSignature,cRLSign", "RSA", false)]
    [InlineData("DigitalSignature", "RSA", false)]
    [InlineData("digitalSignature,", "RSA", false)]
    [InlineData("digitalSignature,encipherOnly", "ECDSA", false)]
    [InlineData("digitalSignature,keyAgreement,encipherOnly", "ECDSA", true)]
    [InlineData("digitalSignature,keyAgreement,encipherOnly,decipherOnly", "ECDSA", false)]
    public void KeyUsage_fits_the_keys_and_the_purposes_that_the_profile_allows(string usage, string algorithms, bool valid) =>
        MustSay("key_usage", valid, Copy(
            keys: [.. algorithms.Split(',')
                .Select(
                    word => word == "RSA" ? new KeyAlgorithmRule(KeyAlgorithm.Rsa, 2048) : new KeyAlgorithmRule(KeyAlgorithm.Ecdsa, 256))],
            content: new() { KeyUsage = usage.Length == 0 ? [] : usage.Split(',') }));

    [Theory]
    [InlineData("serverAuth", "1.3.6.1.5.5.7.3.1")]
    [InlineData("clientAuth", "1.3.6.1.5.5.7.3.2")]
    [InlineData("codeSigning", "1.3.6.1.5.5.7.3.3")]
    [InlineData("emailProtection", "1.3.6.1.5.5.7.3.4")]
    [InlineData("timeStamping", "1.3.6.1.5.5.7.3.8")]
    public void A_usage_by_OID_is_the_usage_of_that_name(string name, string oid)
    {
        foreach (var eku in new[] { name, oid })
        {
            MustSay("key_usage", valid: false, Copy(
                ekus: [eku], keys: [new(KeyAlgorithm.Rsa, 2048)], content: new() { KeyUsage = ["dataEncipherment"] }));
            MustSay("key_usage", valid: true, Copy(
                ekus: [eku], keys: [new(KeyAlgorithm.Rsa, 2048)], content: new() { KeyUsage = ["digitalSignature"] }));
            Assert.Equal(name == "emailProtection", Copy(ekus: [eku]).Granted(Csr()).KeyUsage.HasFlag(KeyUsages.ContentCommitment));
        }
    }

    [Fact]
    public void EkuCritical_does_not_go_with_any_usage()
    {
        MustSay("eku_critical", valid: true, Copy(content: new() { ExtendedKeyUsageIsCritical = true }));
        MustSay("eku_critical", valid: false, Copy(ekus: ["anyExtendedKeyUsage"], content: new() { ExtendedKeyUsageIsCritical = true }));
        MustSay(
            "eku_critical", valid: false, Copy(ekus: ["clientAuth", "2.5.29.37.0"], content: new() { ExtendedKeyUsageIsCritical = true }));
    }

    [Theory]
    [InlineData("ntdsReplication", true)]
    [InlineData("directoryName,registeredId,smtpUtf8Mailbox,hardwareModuleName", true)]
    [InlineData("x400Address", false)]
    [InlineData("upn", false)]
    [InlineData("1.3.6.1.4.1.311.25.2", false)]
    [InlineData("registeredId,registeredId", false)]
    public void AdditionalSanKinds_are_those_whose_syntax_is_known(string kinds, bool valid) =>
        MustSay("additional_san_kinds", valid, Copy(content: new() { AdditionalSanKinds = kinds.Split(',') }));

    [Fact]
    public void RequiredSanPatterns_must_each_be_met_and_each_name_must_meet_one()
    {
        var profile = Copy(sanPatterns: ["[a-z0-9-]+\\.corp\\.example", "UPN:.+@corp\\.example"]);
        profile.Granted(Csr(sans: [Dns("dev-1.corp.example"), Upn("eve@corp.example"), Dns("dev-2.corp.example")]));
        foreach (var sans in (SubjectAltName[][])[
            [],
            [Dns("dev-1.corp.example")],
            [Upn("eve@corp.example")],
            [Dns("dev-1.corp.example"), Upn("eve@corp.example"), Dns("other.example")],
            [Dns("dev-1.corp.example"), Upn("eve@corp.example"), Uri("urn:dev")],

            // A pattern is about the whole name.
            [Dns("dev-1.corp.example.evil.example"), Upn("eve@corp.example")],
            [Dns("x.dev-1.corp.example"), Upn("eve@corp.example")],
        ])
            profile.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: sans));
    }

    [Theory]
    [InlineData("[a-z]+\\.example", true)]
    [InlineData("a|b", true)]
    [InlineData("", false)]
    [InlineData("(", false)]
    [InlineData("(a)\\1", false)]
    [InlineData("(?=a)a", false)]
    [InlineData("(?<!a)b", false)]
    public void RequiredSanPatterns_are_regular_expressions_of_linear_time(string pattern, bool valid) =>
        MustSay("required_san_patterns", valid, Copy(sanPatterns: [pattern]));

    [Fact]
    public void RequiredSanPatterns_are_bounded()
    {
        MustSay("required_san_patterns", valid: true, Copy(sanPatterns: [new string('a', 512)]));
        MustSay("required_san_patterns", valid: false, Copy(sanPatterns: [new string('a', 513)]));
        MustSay("required_san_patterns", valid: true, Copy(sanPatterns: [.. Enumerable.Repeat("a", 50)]));
        MustSay("required_san_patterns", valid: false, Copy(sanPatterns: [.. Enumerable.Repeat("a", 51)]));
    }

    [Fact]
    public void RequiredSanPatterns_alternatives_are_anchored_as_a_whole()
    {
        var profile = Copy(sanPatterns: ["good\\.example|fine\\.example"]);
        profile.Granted(Csr(sans: [Dns("fine.example")]));
        profile.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Dns("good.example.evil")]));
        profile.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Dns("evil-fine.example")]));
    }

    [Fact]
    public void SpiffeUriPattern_wants_one_SPIFFE_ID_and_no_other_URI()
    {
        var profile = Copy(spiffe: "spiffe://corp\\.example/device/[a-z0-9]+");
        profile.Granted(Csr(sans: [Uri("spiffe://corp.example/device/a1"), Dns("a1.corp.example")]));
        foreach (var sans in (SubjectAltName[][])[
            [],
            [Dns("a1.corp.example")],
            [Uri("spiffe://corp.example/device/")],
            [Uri("spiffe://other.example/device/a1")],
            [Uri("spiffe://corp.example/device/a1"), Uri("urn:dev:1")],
            [Uri("spiffe://corp.example/device/a1"), Uri("spiffe://corp.example/device/a2")],
        ])
            profile.Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: sans));

        // However wide the pattern: a SPIFFE ID begins as one.
        Copy(spiffe: ".*").Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [Uri("https://corp.example/a1")]));
        MustSay("spiffe_uri_pattern", valid: false, Copy(spiffe: "["));
        MustSay("spiffe_uri_pattern", valid: true, Copy(spiffe: ""));
    }

    [Fact]
    public void MustStaple_goes_into_the_template()
    {
        Assert.True(Copy(mustStaple: true).Granted(Csr()).MustStaple);
        Assert.False(Copy().Granted(Csr()).MustStaple);
    }

    [Theory]
    [InlineData("challengePassword", "1.2.840.113549.1.9.7")]
    [InlineData("unstructuredName", "1.2.840.113549.1.9.2")]
    [InlineData("subjectAltName", "2.5.29.17")]
    [InlineData("keyUsage", "2.5.29.15")]
    [InlineData("extKeyUsage", "2.5.29.37")]
    [InlineData("deviceSerialNumber", "1.3.6.1.4.1.311.21.14")]
    [InlineData("1.2.3.4", "1.2.3.4")]
    public void RequiredCsrAttributes_must_be_in_the_request(string name, string oid)
    {
        var profile = Copy(attributes: [name]);
        MustSay("required_csr_attributes", valid: true, profile);
        profile.Granted(Csr(attributes: [oid, "9.9"]));
        Assert.Contains(name, profile.Denied(FailureReason.AttributeMissing, Csr(attributes: ["9.9"])), StringComparison.Ordinal);
    }

    [Fact]
    public void RequiredCsrAttributes_may_be_attributes_of_the_subject()
    {
        var profile = Copy(attributes: ["serialNumber", "2.5.4.10"]);
        profile.Granted(Csr(subject: Name((CommonName, "d"), ("2.5.4.5", "42"), ("2.5.4.10", "Corp"))));
        profile.Denied(FailureReason.AttributeMissing, Csr(subject: Name((CommonName, "d"), ("2.5.4.5", "42"))));
    }

    [Theory]
    [InlineData("serialnumber")]
    [InlineData("1")]
    [InlineData("1.02")]
    [InlineData("1..2")]
    [InlineData("")]
    public void RequiredCsrAttributes_are_known_names_or_OIDs(string name) =>
        MustSay("required_csr_attributes", valid: false, Copy(attributes: [name]));

    [Fact]
    public async Task RequiresApproval_lets_requests_wait_without_a_certificate()
    {
        using var harness = new EnrolmentHarness(Copy(id: CertificateProfile.DefaultId, approval: true));
        var reply = await harness.SendAsync(MessageType.PkcsReq, EnrolmentHarness.Signer(), EnrolmentHarness.Request());
        Assert.IsType<ScepReply.Pending>(reply);
        Assert.Equal(EnrolmentState.Pending, Assert.Single(harness.Journal.Committed).Enrolment.State);
        Assert.Equal(0, harness.Issuer.Signed);
    }

    [Fact]
    public void Enabled_is_the_first_thing_that_is_asked() =>
        Assert.Contains(
            "disabled", Copy(enabled: false).Denied(FailureReason.ProfileUnavailable, Csr(Rsa(1024))), StringComparison.Ordinal);

    [Fact]
    public void AcmeAuthMode_and_what_else_is_not_enforced_cannot_be_written()
    {
        Assert.NotNull(Read("{}"));
        Assert.Contains(
            "acme_auth_mode",
            Assert.Throws<JsonException>(() => Read("""{ "acme_auth_mode": "strict" }""")).Message,
            StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => Read("""{ "max_ttl": 3600 }"""));
        Assert.Throws<JsonException>(() => Read("""{ "required_san_patterns": null }"""));
    }

    [Fact]
    public void CreatedAt_and_UpdatedAt_are_the_clock_and_not_the_writer()
    {
        var json = Read("""
            { "id": "vpn", "name": "VPN", "allowed_key_algorithms": [{ "algorithm": "RSA", "min_size": 2048 }],
              "allowed_ekus": ["clientAuth"],
              "created_at": "1999-01-01T00:00:00Z", "updated_at": "1999-01-01T00:00:00Z", "version": 77 }
            """);
        var created = json.ToProfile(null, Now, out var problems)!;
        Assert.Empty(problems);
        Assert.Equal((Now, Now, 1), (created.CreatedAt, created.UpdatedAt, created.Version));
        var updated = json.ToProfile(created, Now.AddDays(1), out _)!;
        Assert.Equal((Now, Now.AddDays(1), 2), (updated.CreatedAt, updated.UpdatedAt, updated.Version));
    }

    [Fact]
    public void Every_problem_is_told_at_once() =>
        Assert.Equal(
            [
                "id", "name", "allowed_key_algorithms", "max_ttl_seconds", "allowed_ekus", "required_san_patterns", "spiffe_uri_pattern",
                "required_csr_attributes",
            ],
            Copy(id: "", name: "", keys: [], ttl: -1, ekus: [], sanPatterns: ["("], spiffe: "(", attributes: ["?"])
                .Validate().Select(FieldOf).Distinct());

    [Fact]
    public void The_profile_that_a_database_begins_with_is_valid() => Assert.Empty(CertificateProfile.Default(Now).Validate());

    private static ProfileJson Read(string json) => JsonSerializer.Deserialize<ProfileJson>(json, ProfileJson.Options)!;

    private static string FieldOf(string problem) => problem[..problem.IndexOf(':', StringComparison.Ordinal)];

    private static void MustSay(string field, bool valid, CertificateProfile profile) =>
        Assert.Equal(!valid, profile.Validate().Any(problem => FieldOf(problem) == field));

    private static CertificateProfile Copy(
        string id = "vpn",
        string name = "VPN",
        string description = "",
        IReadOnlyList<KeyAlgorithmRule>? keys = null,
        int ttl = 0,
        bool shortLived = false,
        string[]? ekus = null,
        string[]? sanPatterns = null,
        string spiffe = "",
        bool mustStaple = false,
        string[]? attributes = null,
        bool approval = false,
        bool enabled = true,
        ContentRules? content = null) => new()
        {
            Id = id,
            Name = name,
            Description = description,
            AllowedKeyAlgorithms = keys ?? [new(KeyAlgorithm.Rsa, 2048), new(KeyAlgorithm.Ecdsa, 256)],
            MaxTtlSeconds = ttl,
            AllowShortLived = shortLived,
            AllowedEkus = ekus ?? ["clientAuth"],
            RequiredSanPatterns = sanPatterns ?? [],
            SpiffeUriPattern = spiffe,
            MustStaple = mustStaple,
            RequiredCsrAttributes = attributes ?? [],
            RequiresApproval = approval,
            Content = content ?? ContentRules.Default,
            Enabled = enabled,
        };
}
